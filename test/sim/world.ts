/** A whole simulated network from one seed: nodes, mesh, chain, providers, faults, and the checkers that watch them. */
import type { OracleSeat, OracleSetFacts } from '../../src/core/chain-facts.ts'
import type { Domain } from '../../src/core/eip712.ts'
import { createDigests, unitIdOf } from '../../src/core/eip712.ts'
import type { EpochClock } from '../../src/core/epoch-clock.ts'
import { type Address, bytesToHex, type UnitId, ZERO_ADDRESS } from '../../src/core/ids.ts'
import { keccak256Hex } from '../../src/core/keccak.ts'
import type { Logger } from '../../src/core/ports/logger.ts'
import type { RegisteredUnit } from '../../src/core/units.ts'
import type { OracleNode } from '../../src/oracle/api.ts'
import { decodeBundle, type EvidenceBundle } from '../../src/oracle/evidence.ts'
import { createHashChain } from '../../src/oracle/hash-chain.ts'
import { epochKey, PREFIX } from '../../src/oracle/keys.ts'
import { Checkers, type Violation } from './checkers.ts'
import { scheduleFaults } from './faults.ts'
import type { SimOptions } from './options.ts'
import { SimNode } from './sim-node.ts'
import { SimChain } from './twins/chain.ts'
import { SimNetwork } from './twins/network.ts'
import type { UnitBehaviour } from './twins/probe.ts'
import { Random } from './twins/random.ts'
import { KeyedSignatures, type Keys, realKeys } from './twins/signer.ts'
import { VirtualTime } from './twins/time.ts'

const GENESIS = 1_800_000_000
/** Nodes come up this long before genesis. */
const LEAD_SECONDS = 5
const BLOCK_SECONDS = 1
const CONFIRMATIONS = 2
/** Virtual time for an orderly end. */
const STOP_SECONDS = 30
/** Events of a failed run that are printed. */
const TRACE_LENGTH = 60

export class World {
  readonly options: SimOptions
  readonly random: Random
  readonly time = new VirtualTime((GENESIS - LEAD_SECONDS) * 1000)
  readonly domain: Domain = { chainId: 31337, orchestrator: `0x${'5a'.repeat(20)}` as Address }
  readonly epochClock: EpochClock
  readonly digests = createDigests(this.domain)
  readonly signatures: Keys
  readonly network: SimNetwork
  readonly chain: SimChain
  readonly nodes: SimNode[]
  readonly units: RegisteredUnit[]
  readonly checkers: Checkers
  readonly #behaviours = new Map<UnitId, UnitBehaviour>()
  readonly #trace: string[] = []
  readonly #clones: SimNode[] = []
  logger: ((index: number) => Logger) | undefined

  constructor(options: SimOptions) {
    this.options = options
    this.random = new Random(options.seed)
    this.signatures = options.keys === 'secp256k1' ? realKeys : new KeyedSignatures()
    this.epochClock = { genesis: GENESIS, epochSeconds: options.epochSeconds }
    this.network = new SimNetwork(this.time, this.random.fork('network'), options.network)
    this.units = this.#makeUnits()
    const makings = options.nodes.map((_, i) => this.#makeNode(i))
    const seats = makings.map(
      ({ signer, hashChain }, i): OracleSeat => ({
        index: i,
        node: signer.address,
        operator: operatorOf(i),
        anchor: hashChain.anchor(0),
      }),
    )
    this.chain = new SimChain(this.time, this.random.fork('chain'), this.signatures, {
      domain: this.domain,
      clock: this.epochClock,
      params: {
        epochsPerDay: options.epochsPerDay,
        minReports: 1,
        ttfbClaimSamples: 12,
        ttfbEnforceSamples: 12,
        expectedReporters: options.expectedReporters,
      },
      blockSeconds: BLOCK_SECONDS,
      confirmations: CONFIRMATIONS,
      sets: setsOf(options, seats),
      unitsAt: () => this.units,
    })
    this.nodes = makings.map((making, i) => new SimNode(this, i, { ...making, random: this.random.fork(`node-${i}`) }))
    this.checkers = new Checkers(this)
  }

  #makeNode(i: number) {
    const signer = this.signatures.signer(this.random.fork(`key-${i}`).bytes(32))
    const hashChain = createHashChain(this.random.fork(`chain-${i}`).bytes(32), { length: this.options.epochs + 64 })
    return { signer, hashChain }
  }

  #makeUnits(): RegisteredUnit[] {
    const units = this.options.units.map((behaviour, i): RegisteredUnit => {
      const provider = bytesToHex(this.random.fork(`provider-${i}`).bytes(20))
      const id = unitIdOf(provider, 0n)
      this.#behaviours.set(id, behaviour)
      return {
        id,
        terms: {
          provider,
          nonce: 0n,
          kind: 's3',
          region: 'eu-central',
          token: ZERO_ADDRESS,
          capacityBytes: 1n << 40n,
          pricePerGibEpoch: 10n,
          egressBytesPerEpoch: 1n << 30n,
          sla: { availabilityPpm: 990_000, ttfbP95Ms: 200, downP10Kbps: 8_000, upP10Kbps: 0 },
        },
        // Every third unit belongs to the operator of an oracle, who never reports on it.
        operator: i % 3 === 0 ? operatorOf(i % this.options.nodes.length) : operatorOf(1000 + i),
        status: 'Active',
        termsHash: keccak256Hex(new TextEncoder().encode(id)),
      }
    })
    return units.sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  behaviourOf(unit: UnitId): UnitBehaviour {
    return this.#behaviours.get(unit)!
  }

  /** The unit with the behaviour at this position of the options. */
  unitOf(position: number): UnitId {
    const behaviour = this.options.units[position]
    for (const [id, b] of this.#behaviours) if (b === behaviour) return id
    throw new RangeError(`no unit ${position}`)
  }

  loggerFor(index: number): Logger | undefined {
    return this.logger?.(index)
  }

  /** Virtual Unix ms of an instant counted from genesis. */
  fromGenesis(ms: number): number {
    return GENESIS * 1000 + ms
  }

  watch(sim: SimNode, node: OracleNode): void {
    this.checkers.watch(sim, node)
  }

  trace(text: string): void {
    this.#trace.push(`${((this.time.now - GENESIS * 1000) / 1000).toFixed(3)} ${text}`)
    if (this.#trace.length > TRACE_LENGTH) this.#trace.shift()
  }

  get lastEvents(): readonly string[] {
    return this.#trace
  }

  violate(rule: string, detail: string): void {
    this.checkers.violate(rule, detail)
  }

  get violations(): readonly Violation[] {
    return this.checkers.violations
  }

  /** Runs the schedule to its end and stops every node. */
  async run(): Promise<void> {
    for (const node of this.nodes) {
      if (node.options.joinsAtMs === 0) node.start()
      else this.time.at(this.fromGenesis(node.options.joinsAtMs), () => node.start())
    }
    scheduleFaults(this)
    // The last epoch is decided by 1.8 L at the latest.
    const endMs = this.fromGenesis((this.options.epochs + 1) * this.options.epochSeconds * 1000)
    await this.time.runUntil(endMs, () => this.violations.length > 0)
    if (this.violations.length === 0) await this.checkers.finish()
    await this.#stop(endMs)
  }

  /** A second process with a node's key, on a disk of its own, from an instant on (ms since genesis). */
  cloneAt(atMs: number, index: number): void {
    const { signer, hashChain } = this.nodes[index]!
    const random = this.random.fork(`clone-${index}`)
    const clone = new SimNode(this, index, { signer, hashChain, random }, bytesToHex(random.bytes(20)))
    this.#clones.push(clone)
    this.time.at(this.fromGenesis(atMs), () => clone.start())
  }

  hasClone(index: number): boolean {
    return this.#clones.some((clone) => clone.index === index)
  }

  /** The bundle of an epoch, as an honest node's disk has it at the end. */
  evidenceOf(epoch: number): EvidenceBundle | undefined {
    for (const node of this.nodes) {
      const bytes = node.honest ? node.disk.contents().get(epochKey(PREFIX.bundle, epoch)) : undefined
      if (bytes) return decodeBundle(bytes)
    }
    return undefined
  }

  /** Every node ends within seconds, whatever it was doing. */
  async #stop(endMs: number): Promise<void> {
    let done = false
    void Promise.all([...this.nodes, ...this.#clones].map((node) => node.stop())).then(() => {
      done = true
    })
    await this.time.runUntil(endMs + STOP_SECONDS * 1000, () => done)
    if (!done) this.violate('stop', 'a node did not stop')
  }
}

function operatorOf(i: number): Address {
  return `0x${(i + 1).toString(16).padStart(40, '0')}` as Address
}

function setsOf(options: SimOptions, seats: readonly OracleSeat[]): OracleSetFacts[] {
  const pick = (indexes: readonly number[]) => indexes.map((i, index) => ({ ...seats[i]!, index }))
  const { rotation } = options
  if (!rotation) return [{ setId: 1, firstEpoch: 0, seats }]
  return [
    { setId: 1, firstEpoch: 0, seats: pick(rotation.before) },
    { setId: 2, firstEpoch: rotation.atEpoch, seats: pick(rotation.after) },
  ]
}
