/** The market port's writing side: calls of one account, through its transaction sender. */
import { encodeFunctionData, erc20Abi, type Log, parseEventLogs } from 'viem'
import { textWord } from '../../core/abi.ts'
import { unitIdOf } from '../../core/eip712.ts'
import { type Address, bytesToHex, type Hash32, type Hex } from '../../core/ids.ts'
import { LEAF_TAG, type UnitLeaf } from '../../core/leaves.ts'
import { MarketError, type MarketReceipt, type MarketWriter, type ProvenLeaf } from '../../core/ports/market.ts'
import { UNIT_KINDS, UNIT_STATES, type UnitTerms } from '../../core/units.ts'
import type { TransactionReceipt, TransactionSender } from '../api.ts'
import type { ConnectedChain } from '../create-chain.ts'
import { orchestratorAbi } from '../generated/orchestrator-abi.ts'
import { readContract } from '../rpc/read-contract.ts'
import { asMarketError } from './market-error.ts'

export interface MarketWriterModules {
  chain: ConnectedChain
  sender: TransactionSender
}

export function createMarketWriter({ chain, sender }: MarketWriterModules): MarketWriter {
  const { orchestrator } = chain.network
  const account = sender.address

  const send = (label: string, data: Hex, key: string | undefined, signal: AbortSignal, to: Address = orchestrator) =>
    sender.send({ to, data, label, ...(key === undefined ? {} : { key }) }, signal).catch(asMarketError)

  return {
    account,
    async approve(token, amount, signal) {
      const request = {
        address: token,
        abi: erc20Abi,
        functionName: 'allowance',
        args: [account, orchestrator],
      } as const
      const allowed = await readContract(chain.source.active(), request, signal).catch(asMarketError)
      if (allowed >= amount) return
      const data = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [orchestrator, amount] })
      await send('approve', data, undefined, signal, token)
    },
    async reserve(terms, key, signal) {
      const data = encodeFunctionData({ abi: orchestratorAbi, functionName: 'reserve', args: [terms] })
      const receipt = await send('reserve', data, key, signal)
      const logs = logsOf(receipt, orchestrator)
      const [held] = parseEventLogs({ abi: orchestratorAbi, logs, eventName: 'ReservationHeld' })
      return { ...asReceipt(receipt), id: present(held, receipt).args.id }
    },
    async activate(id, proven, key, signal) {
      const data = encodeFunctionData({
        abi: orchestratorAbi,
        functionName: 'activate',
        args: [id, ...leafArguments(proven)],
      })
      return asReceipt(await send('activate', data, key, signal))
    },
    async settle(proven, ids, key, signal) {
      const data = encodeFunctionData({
        abi: orchestratorAbi,
        functionName: 'settle',
        args: [...leafArguments(proven), [...ids]],
      })
      return asReceipt(await send('settle', data, key, signal))
    },
    async applyState(proven, key, signal) {
      const args = leafArguments(proven)
      const data = encodeFunctionData({ abi: orchestratorAbi, functionName: 'applyState', args })
      return asReceipt(await send('apply-state', data, key, signal))
    },
    async cancel(id, key, signal) {
      const data = encodeFunctionData({ abi: orchestratorAbi, functionName: 'cancel', args: [id] })
      return asReceipt(await send('cancel', data, key, signal))
    },
    async withdraw(token, to, signal) {
      const data = encodeFunctionData({ abi: orchestratorAbi, functionName: 'withdraw', args: [token, to] })
      const receipt = await send('withdraw', data, undefined, signal)
      const logs = logsOf(receipt, orchestrator)
      const [withdrawn] = parseEventLogs({ abi: orchestratorAbi, logs, eventName: 'Withdrawn' })
      return { ...asReceipt(receipt), amount: present(withdrawn, receipt).args.amount }
    },
    async registerUnitFor(terms, deadline, signature, signal) {
      const data = encodeFunctionData({
        abi: orchestratorAbi,
        functionName: 'registerDataUnitFor',
        args: [termsArgument(terms, deadline), bytesToHex(signature)],
      })
      const key = `offer:${unitIdOf(terms.provider, terms.nonce)}:${deadline}`
      return asReceipt(await send('register-unit', data, key, signal))
    },
  }
}

function asReceipt({ hash, blockNumber, gasUsed }: TransactionReceipt): MarketReceipt {
  return { txHash: hash, blockNumber, gasUsed }
}

function leafArguments({
  leaf,
  ringPrevEpoch,
  proof,
}: ProvenLeaf): [ReturnType<typeof leafArgument>, number, Hash32[]] {
  return [leafArgument(leaf), ringPrevEpoch, [...proof]]
}

function leafArgument(leaf: UnitLeaf) {
  return { ...leaf, tag: LEAF_TAG.unit, state: UNIT_STATES.indexOf(leaf.state) }
}

function termsArgument({ sla, ...terms }: UnitTerms, deadline: number) {
  return { ...terms, ...sla, kind: UNIT_KINDS.indexOf(terms.kind), region: textWord(terms.region), deadline }
}

/** The contract's own logs. Of a log, viem reads topics and data only. */
function logsOf(receipt: TransactionReceipt, orchestrator: Address): Log[] {
  return receipt.logs.filter(({ address }) => address === orchestrator) as unknown as Log[]
}

/** @throws {MarketError} when the contract did not say what it did. */
function present<T>(event: T | undefined, receipt: TransactionReceipt): T {
  if (event === undefined) throw new MarketError('unavailable', `transaction ${receipt.hash} lacks its event`)
  return event
}
