/** One run of the devnet: starts every process, follows the chain, knows what was lost, ends everything. */
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { getAddress } from 'viem'
import type { Address } from '../src/core/ids.ts'
import type { UnitLeaf } from '../src/core/leaves.ts'
import type { UnitKind } from '../src/core/units.ts'
import type { ReadyMessage } from '../src/node/supervised.ts'
import { type Backends, startBackends } from './backends.ts'
import { type ChainWatch, watchChain } from './chain-watch.ts'
import { unleash, type Victim } from './chaos.ts'
import type { ConsumerMessage } from './consumer-main.ts'
import { direct } from './director.ts'
import type { RunPlan } from './kept.ts'
import { deriveKey, deriveSecret, type NodeKeys, nodeKeys } from './keys.ts'
import { provenLeaves, provenPoints } from './leaves.ts'
import type { DevnetLog } from './log.ts'
import { deployNetwork, type Network, registerEverybody } from './network.ts'
import { NODE_CONFIG, type UnitPlan, writeNodeFolder } from './node-folder.ts'
import type { DevnetOptions } from './options.ts'
import type { DevnetResult } from './result.ts'
import { type Misbehaviour, SCENARIO } from './scenarios.ts'
import { type Chain, startAnvil } from './servers/anvil.ts'
import { orAborted } from './stop-signal.ts'
import { type ManagedProcess, type Supervisor, whenReady } from './supervisor.ts'
import { azureUnit, diskUnit, s3Unit } from './units.ts'
import type { LiveSource } from './view/live.ts'

const ROOT = join(import.meta.dirname, '..')
const CLI = join(ROOT, 'bin', 'lightmesh.js')
/** Node 0 is where everybody joins; the providers are the next three. */
const PROVIDERS = { s3: 1, azure: 2, disk: 3 }

/** A node ends within half a second; on a machine that seven of them have to themselves. A stuck one must not keep the rest beyond 10 s. */
const NODE_GRACE_MS = 7_000

interface StartedNode {
  process: ManagedProcess
  ready: ReadyMessage
}

export interface DevnetModules {
  options: DevnetOptions
  folder: string
  supervisor: Supervisor
  log: DevnetLog
  signal: AbortSignal
  run: RunPlan
  /** Called once contracts and registrations are there for good. */
  onFounded: (network: Network) => void
  /** Called when something died without which there is no devnet. */
  onFatal: (error: Error) => void
}

export class Devnet {
  readonly #modules: DevnetModules
  readonly #nodes: (StartedNode | undefined)[]
  readonly #lost: DevnetResult['lost'] = []
  readonly consumer = { transferred: 0, failed: [] as string[] }
  #network!: Network
  #backends!: Backends
  #chain!: Chain
  /** Chaos has stopped the chain and starts it again. */
  #chainRests = false
  #watch!: ChainWatch
  #leaves: ReadonlyMap<string, UnitLeaf> = new Map()
  readonly #endings: (() => void)[] = []

  constructor(modules: DevnetModules) {
    this.#modules = modules
    this.#nodes = Array.from({ length: modules.options.nodes }, () => undefined)
  }

  /** `undefined` until the chain is followed. */
  get watch(): ChainWatch | undefined {
    return this.#watch
  }

  /** What the live view asks for. */
  liveSource(): LiveSource {
    const { scenario, chaos, seed } = this.#modules.options
    const provides = new Map<number, UnitKind>([
      [PROVIDERS.s3, 's3'],
      [PROVIDERS.azure, 'azure-blob'],
      [PROVIDERS.disk, 'disk'],
    ])
    return {
      title: `${scenario}${chaos ? ' with chaos' : ''}, seed ${seed}`,
      clock: () => this.#watch?.clock,
      nodes: () =>
        this.#nodes.map((node, index) => ({
          index,
          running: node?.process.running ?? false,
          provides: provides.get(index),
          alarm: undefined,
        })),
      result: async () => (this.#backends && this.#watch ? this.result() : undefined),
      leaves: () => this.#leaves,
    }
  }

  /** The consumer's files came back unchanged, and a provider was paid. */
  settled(): boolean {
    return this.consumer.transferred > 0 && this.#watch.reservations().some(({ paid }) => BigInt(paid) > 0n)
  }

  async start(): Promise<void> {
    const { options, folder, supervisor, log, signal } = this.#modules
    const { ports } = this.#modules.run
    const keys = Array.from({ length: options.nodes }, (_, i) => nodeKeys(options.seed, i))
    const backends = startBackends(supervisor, options, { folder, ports }, signal)
    backends.catch(() => {})
    const chain = await this.#startChain()
    log.line(`chain at ${chain.rpcUrl}, a block a second`)
    const plan = {
      ...{ rpcUrl: chain.rpcUrl, seed: options.seed, epochSeconds: options.epochSeconds, nodes: keys },
      providers: new Set(Object.values(PROVIDERS)),
      consumer: deriveKey(options.seed, 'consumer'),
    }
    const known = this.#modules.run.network
    this.#network = known ? { ...known, rpcUrl: chain.rpcUrl } : await orAborted(deployNetwork(plan), signal)
    log.line(
      `contracts ${known ? 'found' : 'deployed'}: Orchestrator ${this.#network.orchestrator}, OracleSet ${this.#network.oracleSet}`,
    )
    const registered = known ? Promise.resolve() : registerEverybody(plan, this.#network)
    registered.catch(() => {})
    const modules = { folder: join(folder, 'launcher'), logger: log.logger }
    this.#watch = await watchChain(this.#network, modules, signal)
    this.#backends = await orAborted(backends, signal)
    this.#logBackends()
    // The nodes load much of the same code: what is compiled is there for them, and nothing is left to write at the end.
    flushCompileCache()
    await this.#startNodes(keys)
    await orAborted(registered, signal)
    this.#modules.onFounded(this.#network)
    log.line(`${options.nodes} oracles bonded, quorum ${quorumText(this.#watch)}`)
    await this.#startConsumer(plan.consumer)
    this.#beginScenario()
  }

  async #startChain(): Promise<Chain> {
    const { options, folder, supervisor, signal, run } = this.#modules
    // Chaos restarts the chain: then it has to find its blocks again.
    const lasting = options.keep !== undefined || options.chaos
    const state = lasting ? join(folder, 'chain-state.json') : undefined
    const plan = { port: options.rpcPort || run.ports.rpc, folder: join(folder, 'chain'), state }
    const chain = await startAnvil(supervisor, plan, signal)
    this.#chain = chain
    this.#noteLoss('chain', chain.process, () => !this.#chainRests)
    return chain
  }

  /** Nothing goes wrong on purpose any more. */
  endScenario(): void {
    for (const end of this.#endings) end()
  }

  #beginScenario(): void {
    const { options, log } = this.#modules
    const { proxy } = this.#backends
    const { clock } = this.#watch
    this.#endings.push(direct(SCENARIO[options.scenario], { clock, proxy, log }))
    if (options.chaos) this.#endings.push(unleash({ clock, seed: options.seed, victims: this.#victims(), log }))
  }

  #victims(): Victim[] {
    const backends = this.#backends
    const nodes = this.#nodes.map((_, index): Victim => {
      const own = () => this.#nodes[index]?.process
      return {
        name: `node-${index}`,
        isNode: true,
        running: () => own()?.running ?? false,
        kill: () => own()?.kill('SIGKILL'),
        restart: async () => void (await this.#launchNode(index)),
      }
    })
    const azure: Victim = {
      name: 'azurite',
      isNode: false,
      running: () => backends.azure.process.running,
      kill: () => backends.azure.process.kill('SIGKILL'),
      restart: async () => {
        backends.azure = await backends.restart.azure()
        this.#noteLoss('azurite', backends.azure.process)
      },
    }
    const chain: Victim = {
      name: 'chain',
      isNode: false,
      running: () => this.#chain.process.running,
      kill: () => {
        this.#chainRests = true
        // Asked and not killed: it writes its state. Blocks that are lost would be a reorganisation deeper than anyone waits for.
        this.#chain.process.kill('SIGTERM')
      },
      restart: async () => {
        await this.#chain.process.exited
        await this.#startChain()
        this.#chainRests = false
      },
    }
    const restartS3 = backends.restart.s3
    if (!restartS3) return [...nodes, azure, chain]
    const s3: Victim = {
      name: 's3',
      isNode: false,
      running: () => backends.s3.process?.running ?? false,
      kill: () => backends.s3.process?.kill('SIGKILL'),
      restart: async () => {
        backends.s3 = await restartS3()
        this.#noteLoss('s3', backends.s3.process!)
      },
    }
    return [...nodes, azure, s3, chain]
  }

  #logBackends(): void {
    const { s3, azure } = this.#backends
    this.#modules.log.line(`storage: S3 at ${s3.endpoint}, Azure Blob at ${azure.endpoint}`)
    if (s3.process) this.#noteLoss('s3', s3.process)
    this.#noteLoss('azurite', azure.process)
  }

  #unitOf(index: number, provider: Address): UnitPlan | undefined {
    const place = { token: this.#network.token, provider }
    const { s3, bucket, azure, container, proxy } = this.#backends
    if (index === PROVIDERS.s3) return s3Unit(place, s3, proxy.url, bucket)
    if (index === PROVIDERS.azure) return azureUnit(place, azure, container)
    return index === PROVIDERS.disk ? diskUnit(place) : undefined
  }

  async #startNodes(keys: readonly NodeKeys[]): Promise<void> {
    const { log } = this.#modules
    const first = await this.#startNode(0, keys[0]!, undefined)
    // One bootstrap address: everybody else is found through it.
    const bootstrap = first.ready.multiaddrs[0]
    await Promise.all(keys.slice(1).map((own, i) => this.#startNode(i + 1, own, bootstrap)))
    log.line(`${keys.length} nodes up`)
  }

  async #startNode(index: number, keys: NodeKeys, bootstrap: string | undefined): Promise<StartedNode> {
    const { options, folder, log } = this.#modules
    const units = this.#unitOf(index, keys.node.address)
    const name = `node-${index}`
    await writeNodeFolder({
      ...{ network: this.#network, bootstrap, units, folder: join(folder, name) },
      roles: units ? ['provider', 'oracle'] : ['oracle'],
      key: keys.node,
      passphrase: keys.passphrase,
      oracleSeed: keys.oracleSeed,
      listenPort: this.#modules.run.ports.nodes[index]!,
      apiPort: index === 0 ? options.apiPort : 0,
    })
    const started = await this.#launchNode(index)
    const misbehaviour = this.#misbehaviour(index)
    const how = misbehaviour ? `, ${misbehaviour}` : ''
    const role = units ? `provider of ${units.unit.kind}, oracle` : 'oracle'
    log.line(`node ${index} up: ${getAddress(started.ready.address as `0x${string}`)} (${role}${how})`)
    return started
  }

  #misbehaviour(index: number): Misbehaviour | undefined {
    return index === PROVIDERS.disk ? SCENARIO[this.#modules.options.scenario].oracle : undefined
  }

  /** For the first time, or again from the same folder. */
  async #launchNode(index: number): Promise<StartedNode> {
    const misbehaviour = this.#misbehaviour(index)
    const main = misbehaviour && join(import.meta.dirname, `${misbehaviour}-main.ts`)
    const args = main ? [main] : [CLI, 'run', '--config']
    const started = await this.#launch(`node-${index}`, args)
    this.#nodes[index] = started
    return started
  }

  async #startConsumer(key: ReturnType<typeof deriveKey>): Promise<void> {
    const { options, folder, log } = this.#modules
    const main = join(import.meta.dirname, 'consumer-main.ts')
    await writeNodeFolder({
      ...{ network: this.#network, units: undefined, key, oracleSeed: undefined, apiPort: 0 },
      folder: join(folder, 'consumer'),
      listenPort: this.#modules.run.ports.consumer,
      bootstrap: this.#nodes[0]?.ready.multiaddrs[0],
      roles: ['consumer'],
      passphrase: deriveSecret(options.seed, 'consumer passphrase'),
    })
    const { process: child } = await this.#launch('consumer', [main])
    log.line('consumer up')
    child.onMessage((message) => this.#hearConsumer(message as ConsumerMessage))
  }

  #hearConsumer(message: ConsumerMessage): void {
    const { log } = this.#modules
    if (message.type === 'reserved') log.line(`consumer reserved ${message.id} on the ${message.kind} unit`)
    if (message.type === 'transferred') {
      this.consumer.transferred++
      const { bytes, kind, uploadMs, downloadMs } = message
      log.line(`consumer stored ${bytes} bytes on ${kind} in ${uploadMs} ms and read them back in ${downloadMs} ms`)
    }
    if (message.type === 'failed') {
      this.consumer.failed.push(`${message.kind}: ${message.message}`)
      log.line(`consumer failed on ${message.kind}: ${message.message}`)
    }
  }

  async #launch(name: string, args: readonly string[]): Promise<StartedNode> {
    const { folder, supervisor, log, signal } = this.#modules
    const cwd = join(folder, name)
    const command = process.execPath
    const config = join(cwd, NODE_CONFIG)
    const child = supervisor.start({ name, command, args: [...args, config], cwd, ipc: true, graceMs: NODE_GRACE_MS })
    this.#noteLoss(name, child)
    child.onLine((line) => {
      const error = errorIn(line)
      if (error) log.line(`${name}: ${error}`)
    })
    const isReady = (m: unknown) => ((m as { type?: string }).type === 'ready' ? (m as ReadyMessage) : undefined)
    return { process: child, ready: await whenReady(child, { message: isReady }, signal) }
  }

  #noteLoss(what: string, child: ManagedProcess, fatal: () => boolean = () => false): void {
    const { supervisor, log, onFatal } = this.#modules
    void child.exited.then(({ code, signal }) => {
      if (supervisor.stopping) return
      this.#lost.push({ what, pid: child.pid, epoch: this.#watch?.epochNow() ?? 0 })
      log.line(`lost ${what} (pid ${child.pid}): ${signal ?? `code ${code}`}`)
      if (fatal()) onFatal(new Error(`${what} ended (${signal ?? `code ${code}`}): there is no devnet without it`))
    })
  }

  async result(): Promise<DevnetResult> {
    const watch = this.#watch
    const apiUrls = this.#nodes.flatMap((node) => (node?.process.running ? [node.ready.apiUrl] : []))
    const leaves = await provenLeaves(apiUrls, watch.unitIds(), watch.rootAt)
    this.#leaves = leaves
    const addresses = this.#nodes.flatMap((node) => (node ? [node.ready.address as Address] : []))
    const points = await provenPoints(apiUrls, addresses, watch.rootAt)
    const { rpcUrl, chainId, orchestrator, oracleSet } = this.#network
    return {
      chain: { rpcUrl, chainId, orchestrator, oracleSet },
      quorum: watch.quorum,
      nodes: this.#nodes.flatMap((node) => {
        if (!node) return []
        const { peerId, address, roles } = node.ready
        const own = points.get(address as Address)
        const checksummed = getAddress(address as `0x${string}`)
        const pid = node.process.pid
        return [{ peerId, address: checksummed, pid, roles, ...(own !== undefined && { points: own }) }]
      }),
      backends: this.#listBackends(),
      units: watch.units(leaves),
      attestations: await watch.attestations(),
      reservations: watch.reservations(),
      lost: this.#lost,
      elapsedMs: Math.round(performance.now()),
    }
  }

  #listBackends(): DevnetResult['backends'] {
    const { s3, azure } = this.#backends
    const disk = this.#nodes[PROVIDERS.disk]
    const url = disk?.ready.endpoints.find(({ kind }) => kind === 'disk')?.url
    return [
      { kind: 's3', pid: s3.process?.pid ?? 0, endpoint: s3.endpoint },
      { kind: 'azure-blob', pid: azure.process.pid, endpoint: azure.endpoint },
      ...(disk && url ? [{ kind: 'disk' as const, pid: disk.process.pid, endpoint: url }] : []),
    ]
  }
}

const quorumText = (watch: ChainWatch) => (watch.quorum === 0 ? 'not announced yet' : `${watch.quorum}`)

/** The message of an error line of a node's log. */
function errorIn(line: string): string | undefined {
  if (!line.startsWith('{')) return line.trim() === '' ? undefined : line
  try {
    const { level, msg, error } = JSON.parse(line) as { level?: string; msg?: string; error?: string }
    return level === 'error' ? [msg, error].filter(Boolean).join(': ') : undefined
  } catch {
    return undefined
  }
}
