/** The market port's reading side: the follower's newest view, and the few reads that events can't answer. */
import type { MarketChange, MarketReader } from '../../core/ports/market.ts'
import type { ChainChange } from '../api.ts'
import type { ConnectedChain } from '../create-chain.ts'
import { orchestratorAbi } from '../generated/orchestrator-abi.ts'
import { readContract } from '../rpc/read-contract.ts'
import { asMarketError } from './market-error.ts'

/** Attestations that may be in fewer than `confirmations` blocks: epochs are longer than that, so two would do. */
const YOUNG_ATTESTATIONS = 8

export function createMarketReader(chain: ConnectedChain): MarketReader {
  const { orchestrator } = chain.network
  return {
    unit: (id) => chain.view().unit(id),
    units: () => chain.view().units(),
    reservation: (id) => chain.view().reservation(id),
    reservations: (filter) => chain.view().reservations(filter),
    attestation: (epoch) => chain.view().attestation(epoch),
    latestAttestation: () => chain.view().attestations(1)[0],
    finalAttestation() {
      const view = chain.view()
      const deep = view.block - BigInt(chain.confirmations)
      return view.attestations(YOUNG_ATTESTATIONS).find(({ blockNumber }) => blockNumber <= deep)
    },
    operatorOf: (provider) =>
      chain
        .view()
        .providers()
        .find(({ node }) => node === provider)?.operator,
    watch: (listener) =>
      chain.subscribe((change) => {
        const told = marketChange(change)
        if (told) listener(told)
      }),
    async baseline(reservationId, signal) {
      const functionName = 'reservation'
      const request = { address: orchestrator, abi: orchestratorAbi, functionName, args: [reservationId] } as const
      const r = await readContract(chain.source.active(), request, signal).catch(asMarketError)
      return { lastEpoch: r.lastEpoch, endEpoch: r.endEpoch, paidBpsSum: r.paidBpsSum, era: r.era }
    },
    credit: (token, account, signal) => chain.credit(token, account, signal).catch(asMarketError),
    tokenBalance: (token, account, signal) => chain.tokenBalance(token, account, signal).catch(asMarketError),
  }
}

function marketChange(change: ChainChange): MarketChange | undefined {
  switch (change.kind) {
    case 'head':
      return { kind: 'head', block: change.block.number }
    case 'reorg':
      return { kind: 'reorg', block: change.block }
    case 'attestation':
      return { kind: 'attestation', epoch: change.attestation.header.epoch }
    case 'unit':
      return { kind: 'unit', unitId: change.unitId }
    case 'reservation':
      return { kind: 'reservation', id: change.id }
    default:
      return undefined
  }
}
