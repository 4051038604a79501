/** One node of a simulation: disk and clock that last, processes that come and go. */

import type { Address } from '../../src/core/ids.ts'
import type { Signer } from '../../src/core/ports/signer.ts'
import type { OracleNode, OracleNodePorts } from '../../src/oracle/api.ts'
import type { HashChain } from '../../src/oracle/hash-chain.ts'
import { createOracleNode } from '../../src/oracle/node.ts'
import type { NodeOptions } from './options.ts'
import { behave } from './strategies/behave.ts'
import type { Endpoint } from './twins/chain-ports.ts'
import { chainPorts } from './twins/chain-ports.ts'
import { NodeClock } from './twins/node-clock.ts'
import { simProbe } from './twins/probe.ts'
import type { Random } from './twins/random.ts'
import { SimDisk } from './twins/store.ts'
import type { World } from './world.ts'

/** A supervisor brings a process that failed to start up again. */
export const RESTART_MS = 2000

export class SimNode {
  readonly index: number
  readonly options: NodeOptions
  readonly signer: Signer
  readonly hashChain: HashChain
  readonly clock: NodeClock
  disk: SimDisk
  readonly endpoint: Endpoint = { lagSeconds: 0, down: false, lies: false }
  readonly #world: World
  readonly #random: Random
  readonly #meshAddress: Address
  #process: { node: OracleNode; kill: () => void } | undefined
  starts = 0

  /** @param alias address in the mesh of a second process with the same key. */
  constructor(
    world: World,
    index: number,
    modules: { signer: Signer; hashChain: HashChain; random: Random },
    alias?: Address,
  ) {
    this.#world = world
    this.#meshAddress = alias ?? modules.signer.address
    this.index = index
    this.options = world.options.nodes[index]!
    this.signer = modules.signer
    this.hashChain = modules.hashChain
    this.#random = modules.random
    this.clock = new NodeClock(world.time, this.options)
    this.disk = this.#newDisk()
  }

  get honest(): boolean {
    return this.options.strategies.length === 0
  }

  get node(): OracleNode | undefined {
    return this.#process?.node
  }

  #newDisk(): SimDisk {
    const { time, options } = this.#world
    return new SimDisk({ time, random: this.#random.fork('disk'), syncMs: options.syncMs })
  }

  start(): void {
    if (this.#process) return
    this.starts++
    const { time, network, chain, signatures, options } = this.#world
    const random = this.#random.fork(`process-${this.starts}`)
    const clock = this.clock.process()
    const mesh = network.join(this.#meshAddress)
    const disk = this.disk.open()
    let alive = true
    const ends = chainPorts(chain, this.endpoint, { time, random: random.fork('chain'), alive: () => alive })
    const probe = simProbe({
      clock: clock.clock,
      prober: this.signer.address,
      seed: options.seed,
      behaviourOf: (unit) => this.#world.behaviourOf(unit),
    })
    const honest: OracleNodePorts = {
      clock: clock.clock,
      rng: random,
      gossip: mesh.gossip,
      requests: mesh.requests,
      store: disk.store,
      chain: ends.chain,
      sink: ends.sink,
      probe,
      signer: this.signer,
      signatures,
      ...(this.#world.loggerFor(this.index) && { logger: this.#world.loggerFor(this.index)! }),
    }
    const ports = behave(this.options.strategies, honest, {
      world: this.#world,
      self: this,
      gossip: mesh.gossip,
      random,
    })
    const node = createOracleNode({ hashChain: this.hashChain }, ports)
    const kill = () => {
      alive = false
      clock.kill()
      mesh.kill()
      disk.kill()
    }
    this.#process = { node, kill }
    this.#world.watch(this, node)
    void node.start().catch((error) => {
      if (!alive) return
      this.#world.trace(`node ${this.index} could not start: ${String(error)}`)
      this.crash()
      this.#world.time.after(RESTART_MS, () => this.start())
    })
  }

  /** SIGKILL and power cut in one. */
  crash(): void {
    if (!this.#process) return
    this.#process.kill()
    this.#process = undefined
    this.disk.onSync = undefined
    this.disk.crash()
  }

  /** An orderly end. */
  async stop(): Promise<void> {
    const ended = this.#process
    this.#process = undefined
    await ended?.node.stop()
    ended?.kill()
  }

  replaceDisk(): void {
    this.disk = this.#newDisk()
  }
}
