/** What must hold in every schedule. Safety is checked at each event, liveness and evidence at the end. */
import type { AcceptedAttestation } from '../../src/core/chain-facts.ts'
import type { Hash32 } from '../../src/core/ids.ts'
import { networkName } from '../../src/core/network.ts'
import type { OracleNode, OracleStateView, OracleStatus } from '../../src/oracle/api.ts'
import { decodeSignature } from '../../src/oracle/messages/attestation-signature.ts'
import { decodeCommit } from '../../src/oracle/messages/commit.ts'
import { decodeRevealHeader } from '../../src/oracle/messages/reveal-header.ts'
import { checkEvidence } from './evidence-check.ts'
import { possibleEpochs } from './possible.ts'
import type { SimNode } from './sim-node.ts'
import type { World } from './world.ts'

export interface Violation {
  rule: string
  detail: string
}

/** Attested of possible epochs below which a run has failed. */
const LIVENESS = 0.9
/** Epochs at the end of a schedule that have to be free of faults for the last one to be demanded. */
export const HEALING_EPOCHS = 4

export class Checkers {
  readonly violations: Violation[] = []
  /** As the chain has them now: reorgs take back. */
  readonly accepted = new Map<number, AcceptedAttestation>()
  readonly #world: World
  readonly #slots = new Map<string, string>()
  /** Of some honest node, at the end. */
  finalState: OracleStateView | undefined
  /** By node, at the end; a hole for one that was down. */
  finalStatus: (OracleStatus | undefined)[] = []
  possible = 0
  attestedOfPossible = 0
  alarms = new Map<string, number>()
  equivocations = 0

  constructor(world: World) {
    this.#world = world
    const topic = (name: string) => networkName(world.domain, name)
    const names = { commit: topic('commit'), reveal: topic('reveal'), signature: topic('signature') }
    const honest = new Map(world.nodes.filter((n) => n.honest).map((n) => [n.signer.address, n.index]))
    world.network.tap = (from, name, data) => {
      const index = honest.get(from)
      if (index === undefined) return
      if (name === names.commit) {
        const m = decodeCommit(data)
        this.#once(index, `commit/${m.setId}/${m.epoch}`, m.commitHash)
      } else if (name === names.reveal) {
        const m = decodeRevealHeader(data)
        this.#once(index, `reveal/${m.setId}/${m.epoch}`, world.digests.revealHeader(m))
      } else if (name === names.signature) {
        const { header } = decodeSignature(data)
        this.#once(index, `sign/${header.setId}/${header.epoch}/${header.attempt}`, world.digests.attestation(header))
      }
    }
    world.chain.tap.accepted = (attestation, signatures) => {
      world.trace(`accepted epoch ${attestation.header.epoch} with ${signatures.length} signatures`)
      this.#quorum(attestation, signatures.length)
    }
    world.chain.tap.refused = (why) => world.trace(`refused: ${why}`)
  }

  violate(rule: string, detail: string): void {
    this.#world.trace(`VIOLATION ${rule}: ${detail}`)
    this.violations.push({ rule, detail })
  }

  /** No honest key ever sends two different messages for one slot. */
  #once(index: number, slot: string, digest: string): void {
    const key = `${index}/${slot}`
    const before = this.#slots.get(key)
    if (before === undefined) this.#slots.set(key, digest)
    else if (before !== digest) this.violate('double-sign', `node ${index} sent two of ${slot}`)
  }

  /** The chain model counts for itself; here it is only looked at once more. */
  #quorum({ header }: AcceptedAttestation, signers: number): void {
    const n = this.#world.chain.setOf(header.epoch).seats.length
    if (3 * signers < 2 * n) this.violate('quorum', `epoch ${header.epoch} accepted with ${signers} of ${n}`)
  }

  watch(sim: SimNode, node: OracleNode): void {
    const world = this.#world
    if (!sim.honest) return
    node.on('attested', ({ epoch }) => world.trace(`node ${sim.index} sees epoch ${epoch} final`))
    node.on('skipped', ({ epoch }) => this.#world.trace(`node ${sim.index} sees epoch ${epoch} skipped`))
    node.on('adopted', ({ epoch, source }) => {
      if (source !== 'evaluated') this.#world.trace(`node ${sim.index} adopted epoch ${epoch} from ${source}`)
    })
    node.on('alarm', ({ code, epoch }) => {
      this.#world.trace(`node ${sim.index} alarm ${code} at ${epoch}`)
      this.alarms.set(code, (this.alarms.get(code) ?? 0) + 1)
      // Evaluation is deterministic: an honest node can differ from an accepted root only by a defect.
      if (code === 'divergence') this.violate('divergence', `node ${sim.index} at epoch ${epoch}`)
    })
    node.on('equivocation', ({ node: author }) => {
      this.equivocations++
      const culprit = this.#world.nodes.find((n) => n.signer.address === author)
      if (!culprit?.honest || world.hasClone(culprit.index)) return
      if (!world.options.faults.some((f) => 'node' in f && f.node === culprit.index))
        this.violate('false-accusation', `node ${culprit.index} was accused`)
    })
  }

  async finish(): Promise<void> {
    const world = this.#world
    this.finalStatus = world.nodes.map(({ node }) => node?.status())
    this.finalState = world.nodes.find((node) => node.honest && node.node?.state())?.node?.state()
    for (const block of world.chain.blocks)
      for (const attestation of block.accepted) this.accepted.set(attestation.header.epoch, attestation)
    this.#liveness()
    this.#agreement()
    if (this.violations.length === 0) await checkEvidence(world, [...this.accepted.values()])
  }

  #liveness(): void {
    const { options } = this.#world
    const possible = possibleEpochs(options)
    this.possible = possible.size
    this.attestedOfPossible = [...possible].filter((epoch) => this.accepted.has(epoch)).length
    if (possible.size === 0) return
    const missed = [...possible].filter((epoch) => !this.accepted.has(epoch))
    if (this.attestedOfPossible / possible.size < LIVENESS)
      this.violate(
        'liveness',
        `${this.attestedOfPossible} of ${possible.size} possible epochs; missed ${missed.join(' ')}`,
      )
    const healed = Array.from({ length: HEALING_EPOCHS }, (_, i) => options.epochs - 1 - i)
    if (healed.every((epoch) => possible.has(epoch)) && !healed.some((epoch) => this.accepted.has(epoch)))
      this.violate('liveness', 'no epoch attested after healing')
  }

  /** Every honest node that is up holds the state of the newest final root, or of one shortly before. */
  #agreement(): void {
    const world = this.#world
    const final = world.chain.finalBefore(Number.MAX_SAFE_INTEGER, world.chain.blocks)
    if (!final) return
    const faulted = new Set(world.options.faults.flatMap((f) => ('node' in f && recent(world, f) ? [f.node] : [])))
    for (const sim of world.nodes) {
      const state = sim.node?.state()
      if (!sim.honest || !sim.node || faulted.has(sim.index)) continue
      const expected: Hash32 | undefined = this.accepted.get(state?.epoch ?? -1)?.header.root
      if (!state || state.root !== expected)
        this.violate('agreement', `node ${sim.index} holds the state of epoch ${state?.epoch ?? 'none'}`)
    }
  }
}

/** Within the last epochs: the node may still be on its way back. */
function recent(world: World, fault: { atMs: number }): boolean {
  return fault.atMs > (world.options.epochs - HEALING_EPOCHS) * world.options.epochSeconds * 1000
}
