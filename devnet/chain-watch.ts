/**
 * The launcher's own view of the chain: everything the result says about epochs, units and money comes from here, and a
 * unit's measured figures from leaves that are proven against a root on chain.
 */
import { type Address, createPublicClient, getAddress, type Hex, http } from 'viem'
import type { ChainChange } from '../src/chain/api.ts'
import { type ConnectedChain, createChainReader } from '../src/chain/create-chain.ts'
import type { AttestationRecord } from '../src/chain/records.ts'
import { type EpochClock, epochAt, phaseMs } from '../src/core/epoch-clock.ts'
import type { UnitLeaf } from '../src/core/leaves.ts'
import type { Logger } from '../src/core/ports/logger.ts'
import { noMetrics } from '../src/core/ports/metrics.ts'
import { systemClock } from '../src/node/system-ports.ts'
import { openLevelStore } from '../src/storage/level-store.ts'
import type { Network } from './network.ts'
import type { DevnetResult } from './result.ts'

export const CONFIRMATIONS = 2
/** Blocks carry whole seconds: how late an attestation was is told by when its block was seen. */
const POLL_MS = 100
/** For the nodes' own look at the chain, and their stores. */
const SPARE_BLOCKS = 2
/** Attestations that the result lists, the newest ones. */
const MAX_LISTED = 1_000

export interface ChainWatch {
  readonly clock: EpochClock
  readonly quorum: number
  epochNow(): number
  /** Ascending. */
  attestedEpochs(): number[]
  /** The accepted root of an epoch. */
  rootAt(epoch: number): Hex | undefined
  unitIds(): Hex[]
  attestations(): Promise<DevnetResult['attestations']>
  attestation(epoch: number): Promise<DevnetResult['attestations'][number] | undefined>
  units(leaves: ReadonlyMap<string, UnitLeaf>): DevnetResult['units']
  reservations(): DevnetResult['reservations']
  watch(listener: (change: ChainChange) => void): () => void
  /** Resolves once the newest attestation is as deep as nodes want it before they write its state down. */
  deep(signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}

export async function watchChain(
  network: Network,
  modules: { folder: string; logger: Logger },
  signal: AbortSignal,
): Promise<ChainWatch> {
  const store = await openLevelStore(modules.folder)
  let chain: ConnectedChain
  try {
    chain = await createChainReader(
      {
        rpcUrls: [network.rpcUrl],
        orchestrator: network.orchestrator.toLowerCase() as Address,
        confirmations: CONFIRMATIONS,
        pollMs: POLL_MS,
      },
      { clock: systemClock, store, logger: modules.logger, metrics: noMetrics },
      signal,
    )
  } catch (error) {
    await store.close()
    throw error
  }
  const seenMs = new Map<number, number>()
  const unsubscribe = chain.subscribe((change) => {
    if (change.kind === 'attestation') seenMs.set(change.attestation.header.epoch, Date.now())
  })
  const client = createPublicClient({ transport: http(network.rpcUrl) })
  const gas = new Map<Hex, number>()
  const gasOf = async (hash: Hex): Promise<number> => {
    const known = gas.get(hash)
    if (known !== undefined) return known
    const used = Number((await client.getTransactionReceipt({ hash })).gasUsed)
    gas.set(hash, used)
    return used
  }
  const signersOf = (record: AttestationRecord): Address[] => {
    const nodes =
      chain
        .view()
        .sets()
        .find((set) => set.setId === record.header.setId)?.nodes ?? []
    return nodes.filter((_, i) => (record.signers >> i) & 1).map((node) => getAddress(node))
  }
  const listed = async (record: AttestationRecord) => ({
    epoch: record.header.epoch,
    prevEpoch: record.ringPrevEpoch,
    root: record.header.root,
    txHash: record.txHash,
    gasUsed: await gasOf(record.txHash),
    signers: signersOf(record),
    unitCount: record.header.unitCount,
    msAfterProposal: Math.round(
      (seenMs.get(record.header.epoch) ?? record.blockTimestamp * 1_000) -
        phaseMs(chain.clock, record.header.epoch, 'propose'),
    ),
  })
  return {
    clock: chain.clock,
    get quorum() {
      return chain.view().sets().at(-1)?.quorum ?? 0
    },
    epochNow: () => Math.max(0, epochAt(chain.clock, Date.now())),
    attestedEpochs: () =>
      chain
        .view()
        .attestations(MAX_LISTED)
        .map(({ header }) => header.epoch)
        .reverse(),
    rootAt: (epoch) => chain.view().attestation(epoch)?.header.root,
    unitIds: () =>
      chain
        .view()
        .units()
        .map((unit) => unit.id),
    attestations: () => Promise.all(chain.view().attestations(MAX_LISTED).reverse().map(listed)),
    attestation: async (epoch) => {
      const record = chain.view().attestation(epoch)
      return record && listed(record)
    },
    units: (leaves) =>
      chain
        .view()
        .units()
        .map((unit) => {
          const leaf = leaves.get(unit.id)
          return {
            id: unit.id,
            kind: unit.terms.kind,
            provider: getAddress(unit.terms.provider),
            status: unit.status,
            state: leaf?.state ?? unit.attestedState,
            scoreBps: leaf?.scoreBps ?? 0,
            availabilityPpm: leaf?.availabilityPpm ?? 0,
            met: leaf?.metEpochs ?? 0,
            missed: leaf?.missedEpochs ?? 0,
          }
        }),
    reservations: () =>
      chain
        .view()
        .reservations()
        .map(({ id, unitId, deposited, paid, refunded }) => ({
          id: `${id}`,
          unit: unitId,
          deposited: `${deposited}`,
          paid: `${paid}`,
          refunded: `${refunded}`,
        })),
    watch: (listener) => chain.subscribe(listener),
    async deep(within) {
      const newest = chain.view().attestations(1)[0]
      const block = (newest?.blockNumber ?? 0n) + BigInt(CONFIRMATIONS + SPARE_BLOCKS)
      await chain.until(() => (chain.view().block >= block ? true : undefined), within)
    },
    async stop() {
      unsubscribe()
      await chain.stop()
      await store.close()
    },
  }
}
