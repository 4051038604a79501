/** The market port's writing side: the contract's actions in the name of one account. */
import { unitIdOf } from '../../core/eip712.ts'
import type { MarketReceipt, MarketWriter } from '../../core/ports/market.ts'
import { activate } from '../actions/activate.ts'
import { applyState } from '../actions/apply-state.ts'
import { approve } from '../actions/approve.ts'
import { cancel } from '../actions/cancel.ts'
import { executeEscape } from '../actions/execute-escape.ts'
import { extend } from '../actions/extend.ts'
import { noticeLoss } from '../actions/notice-loss.ts'
import { openEscape } from '../actions/open-escape.ts'
import { registerDataUnitFor } from '../actions/register-data-unit-for.ts'
import { release } from '../actions/release.ts'
import { reserve } from '../actions/reserve.ts'
import { settle } from '../actions/settle.ts'
import { settleMany } from '../actions/settle-many.ts'
import { slashAbandonment } from '../actions/slash-abandonment.ts'
import { slashLoss } from '../actions/slash-loss.ts'
import { withdraw } from '../actions/withdraw.ts'
import type { TransactionReceipt, TransactionSender } from '../api.ts'
import type { ConnectedChain } from '../create-chain.ts'
import { erc20Abi } from '../reader/erc20-abi.ts'
import { readContract } from '../rpc/read-contract.ts'
import { asMarketError } from './market-error.ts'

export interface MarketWriterModules {
  chain: ConnectedChain
  sender: TransactionSender
}

export function createMarketWriter({ chain, sender }: MarketWriterModules): MarketWriter {
  const { network } = chain
  const modules = { network, sender }
  const account = sender.address
  const spender = network.orchestrator

  return {
    account,
    async approve(token, amount, signal) {
      const request = { address: token, abi: erc20Abi, functionName: 'allowance', args: [account, spender] } as const
      const allowed = await readContract(chain.source.active(), request, signal).catch(asMarketError)
      if (allowed < amount) await approve(modules, { token, spender, amount }, { signal }).catch(asMarketError)
    },
    async reserve(terms, key, signal) {
      const receipt = await reserve(modules, terms, { key, signal }).catch(asMarketError)
      return { ...asReceipt(receipt), id: receipt.id }
    },
    activate: (id, proven, key, signal) =>
      activate(modules, id, proven, { key, signal }).then(asReceipt).catch(asMarketError),
    settle: (proven, ids, key, signal) =>
      settle(modules, proven, ids, { key, signal }).then(asReceipt).catch(asMarketError),
    settleMany: (leaves, key, signal) =>
      settleMany(modules, leaves, { key, signal }).then(asReceipt).catch(asMarketError),
    applyState: (proven, key, signal) =>
      applyState(modules, proven, { key, signal }).then(asReceipt).catch(asMarketError),
    noticeLoss: (proven, key, signal) =>
      noticeLoss(modules, proven, { key, signal }).then(asReceipt).catch(asMarketError),
    slashLoss: (proven, key, signal) =>
      slashLoss(modules, proven, { key, signal }).then(asReceipt).catch(asMarketError),
    slashAbandonment: (proven, key, signal) =>
      slashAbandonment(modules, proven, { key, signal }).then(asReceipt).catch(asMarketError),
    cancel: (id, key, signal) => cancel(modules, id, { key, signal }).then(asReceipt).catch(asMarketError),
    extend: (id, epochs, key, signal) =>
      extend(modules, id, epochs, { key, signal }).then(asReceipt).catch(asMarketError),
    release: (id, key, signal) => release(modules, id, { key, signal }).then(asReceipt).catch(asMarketError),
    openEscape: (id, key, signal) => openEscape(modules, id, { key, signal }).then(asReceipt).catch(asMarketError),
    executeEscape: (id, key, signal) =>
      executeEscape(modules, id, { key, signal }).then(asReceipt).catch(asMarketError),
    async withdraw(token, to, signal) {
      const receipt = await withdraw(modules, token, to, { signal }).catch(asMarketError)
      return { ...asReceipt(receipt), amount: receipt.amount }
    },
    registerUnitFor(terms, deadline, signature, signal) {
      const key = `offer:${unitIdOf(terms.provider, terms.nonce)}:${deadline}`
      return registerDataUnitFor(modules, { terms, deadline, signature }, { key, signal })
        .then(asReceipt)
        .catch(asMarketError)
    },
  }
}

function asReceipt({ hash, blockNumber, gasUsed }: TransactionReceipt): MarketReceipt {
  return { txHash: hash, blockNumber, gasUsed }
}
