/** Submitting an attestation: asks the contract first, sends, and tells an accepted one from a lost race. */
import { decodeFunctionResult, encodeFunctionData } from 'viem'
import type { AttestationHeader } from '../../core/eip712.ts'
import type { Hash32, Hex } from '../../core/ids.ts'
import type { AttestationSink, SignedBy } from '../../core/ports/chain.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Metrics } from '../../core/ports/metrics.ts'
import { quorumOf } from '../../core/quorum.ts'
import type { TransactionReceipt, TransactionSender } from '../api.ts'
import type { ConnectedChain } from '../create-chain.ts'
import { ChainError, type ChainErrorCode } from '../errors.ts'
import { decodeEvent } from '../events.ts'
import { orchestratorAbi } from '../generated/orchestrator-abi.ts'
import { asRevert } from '../rpc/revert.ts'
import { packSignatures } from './signatures.ts'

/** The contract's `AttestationResult`, in its order. */
const RESULTS = [
  'accepted',
  'attestation-outside-window',
  'superseded',
  'attestation-wrong-parent',
  'attestation-wrong-set',
  'attestation-wrong-parameters',
  'attestation-bad-signatures',
] as const satisfies readonly ('accepted' | 'superseded' | ChainErrorCode)[]

/**
 * Not estimated: an estimate that falls into a lost race is that of an early return and would be too low if the race is
 * not lost after all. What is not used is not paid. Measured: 55,000 and 4,400 for each signature, cold slots apart.
 */
const BASE_GAS = 160_000n
const GAS_PER_SIGNATURE = 8_000n

export interface AttestationSinkModules {
  chain: ConnectedChain
  sender: TransactionSender
  logger: Logger
  metrics: Metrics
}

export function createAttestationSink({ chain, sender, logger, metrics }: AttestationSinkModules): AttestationSink {
  const { orchestrator } = chain.network
  return {
    async submit(header, signatures, signal) {
      const quorum = quorumFor(chain, header, signatures)
      const data = attestationCalldata(header, signatures, quorum)
      // Nothing older than the last accepted one is taken, whatever its window.
      const [latest] = chain.view().attestations(1)
      if (latest !== undefined && latest.header.epoch >= header.epoch) return { kind: 'superseded', gasUsed: 0n }
      const verdict = await wouldBe(chain, sender, data, signal)
      if (verdict === 'superseded') return { kind: verdict, gasUsed: 0n }
      if (verdict !== 'accepted')
        throw new ChainError(
          verdict,
          `the contract would not take the attestation of epoch ${header.epoch}: ${verdict}`,
        )
      const receipt = await sender.send(
        {
          to: orchestrator,
          data,
          gasLimit: BASE_GAS + GAS_PER_SIGNATURE * BigInt(quorum),
          label: 'submitAttestation',
          key: `attestation/${header.setId}/${header.epoch}/${header.attempt}/${header.root}`,
        },
        signal,
      )
      const kind = isAccepted(receipt, orchestrator, header.root) ? 'accepted' : 'superseded'
      metrics.count('chain_attestations_total', { outcome: kind })
      logger.info('attestation sent', {
        epoch: header.epoch,
        attempt: header.attempt,
        outcome: kind,
        hash: receipt.hash,
      })
      return { kind, gasUsed: receipt.gasUsed }
    },
  }
}

/** Calldata of `submitAttestation`: the same for everybody who holds the same signatures. */
export function attestationCalldata(header: AttestationHeader, signatures: readonly SignedBy[], quorum: number): Hex {
  return encodeFunctionData({
    abi: orchestratorAbi,
    functionName: 'submitAttestation',
    args: [{ ...header, setId: BigInt(header.setId) }, packSignatures(signatures, quorum)],
  })
}

function quorumFor(chain: ConnectedChain, header: AttestationHeader, signatures: readonly SignedBy[]): number {
  const set = chain
    .view()
    .sets()
    .find(({ setId }) => setId === header.setId)
  // An unknown set: the contract says so.
  return set === undefined ? signatures.length : quorumOf(set.nodes.length)
}

async function wouldBe(
  chain: ConnectedChain,
  { address }: TransactionSender,
  data: Hex,
  signal: AbortSignal,
): Promise<(typeof RESULTS)[number]> {
  let answer: Hex
  try {
    answer = await chain.source.active().call({ from: address, to: chain.network.orchestrator, data }, signal)
  } catch (error) {
    throw asRevert(error) ?? error
  }
  const result = decodeFunctionResult({ abi: orchestratorAbi, functionName: 'submitAttestation', data: answer })
  const name = RESULTS[result]
  if (name === undefined) throw new ChainError('wrong-network', `the contract answered ${result}, which is no result`)
  return name
}

/** A lost race is a success without an event. */
function isAccepted(receipt: TransactionReceipt, orchestrator: Hex, root: Hash32): boolean {
  return receipt.logs.some((log) => {
    const event = log.address === orchestrator ? decodeEvent(log) : undefined
    return event?.eventName === 'AttestationAccepted' && event.args.root === root
  })
}
