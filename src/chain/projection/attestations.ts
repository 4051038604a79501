/**
 * Accepted attestations. The event leaves out what the contract enforces anyway (parent root, parameters, version);
 * the projection puts the whole header together again.
 */
import { type Epoch, ZERO_HASH } from '../../core/ids.ts'
import { type ContractEvent, type EventPlace, lower } from '../events.ts'
import type { EvaluationRecord } from '../records.ts'
import type { Tables } from './tables.ts'

type AcceptedArgs = Extract<ContractEvent, { eventName: 'AttestationAccepted' }>['args']

/** Announcements are rare; older terms answer for epochs that can't be attested any more. */
const MAX_TERMS = 64

export function applyAttestations(
  tables: Tables,
  event: ContractEvent,
  place: EventPlace,
  epochOf: (timestamp: number) => Epoch,
): void {
  switch (event.eventName) {
    case 'EraOpened': {
      const head = tables.head.get('head')
      if (head !== undefined) tables.head.set('head', place.block, { ...head, era: event.args.era, eraOpening: true })
      return
    }
    case 'AttestationAccepted':
      accepted(tables, event.args, place)
      return
    case 'EvaluationScheduled': {
      const { fromEpoch, evaluatorVersion, paramsHash, params } = event.args
      const terms = tables.evaluation.get('terms') ?? []
      // The contract's rule: the newest announcement is replaced while it is still two epochs away.
      const last = terms.at(-1)
      const replaced =
        terms.length > 1 && last !== undefined && last.fromEpoch >= Math.max(0, epochOf(place.timestamp)) + 2
      const kept = replaced ? terms.slice(0, -1) : terms
      const term: EvaluationRecord = {
        fromEpoch,
        evaluatorVersion,
        paramsHash: lower(paramsHash),
        params: { ...params },
      }
      tables.evaluation.set('terms', place.block, [...kept, term].slice(-MAX_TERMS))
      return
    }
  }
}

function accepted(tables: Tables, args: AcceptedArgs, place: EventPlace): void {
  const head = tables.head.get('head')
  const first = head === undefined || head.eraOpening
  const era = head?.era ?? 0
  const term = termAt(tables.evaluation.get('terms') ?? [], args.epoch)
  const root = lower<`0x${string}`>(args.root)
  tables.attestations.set(String(args.epoch), place.block, {
    header: {
      epoch: args.epoch,
      setId: Number(args.setId),
      attempt: args.attempt,
      parentRoot: first ? ZERO_HASH : head.root,
      root,
      unitCount: args.unitCount,
      inputsHash: lower(args.inputsHash),
      paramsHash: term?.paramsHash ?? ZERO_HASH,
      evaluatorVersion: term?.evaluatorVersion ?? 0,
    },
    prevEpoch: first ? undefined : args.prevEpoch,
    ringPrevEpoch: args.prevEpoch,
    era,
    signers: args.signers,
    blockNumber: BigInt(place.block),
    blockTimestamp: place.timestamp,
    txHash: place.txHash,
  })
  tables.head.set('head', place.block, { epoch: args.epoch, root, era, eraOpening: false })
}

/** From the newest backwards, as the contract does. */
export function termAt(terms: readonly EvaluationRecord[], epoch: Epoch): EvaluationRecord | undefined {
  return terms.findLast((term) => term.fromEpoch <= epoch)
}
