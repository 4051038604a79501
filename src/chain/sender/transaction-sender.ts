/**
 * Transactions of one key. Nonces are given out one at a time; an intent is on disk before its bytes leave; what is not
 * mined is priced higher within the cap; what a reorg drops is sent again, the same bytes. viem's nonce manager is in
 * memory and knows no replacement.
 */
import type { SenderModules, SenderOptions, TransactionReceipt, TransactionRequest, TransactionSender } from '../api.ts'
import type { ConnectedChain } from '../create-chain.ts'
import { ChainError } from '../errors.ts'
import type { EthMethods } from '../rpc/methods.ts'
import { asRevert } from '../rpc/revert.ts'
import { broadcast } from './broadcast.ts'
import { bumpFees, type Fees, quoteFees } from './fees.ts'
import { createIntentStore, type FinishedKey, type Intent, type IntentStore, MAX_FINISHED } from './intents.ts'
import { signTransaction } from './sign-transaction.ts'

const DEFAULT_MAX_FEE = 500_000_000_000n
const DEFAULT_REPLACE_AFTER_MS = 3_000
/** More waiting than this is a fault of the caller or a chain that stands still. */
const MAX_PENDING = 64
/** An eighth each time: sixteen steps are a factor of six. */
const MAX_VERSIONS = 16
/** Looks after which a nonce that others used is believed: an endpoint's receipts may lag its nonces. */
const MISSING_LOOKS = 3
/** State may change between estimate and inclusion. */
const GAS_MARGIN_PERCENT = 125n

interface Waiting {
  promise: Promise<TransactionReceipt>
  resolve(receipt: TransactionReceipt): void
  reject(error: unknown): void
}

export interface ConnectedSenderModules extends SenderModules {
  chain: ConnectedChain
}

/** Loads what an earlier run left unfinished and goes on with it. */
export async function createTransactionSender(
  options: SenderOptions,
  modules: ConnectedSenderModules,
): Promise<TransactionSender> {
  const sender = new Sender(options, modules)
  await sender.load()
  return sender
}

class Sender implements TransactionSender {
  readonly address
  readonly #modules: ConnectedSenderModules
  readonly #cap: bigint
  readonly #replaceAfterMs: number
  readonly #store: IntentStore
  readonly #intents = new Map<number, Intent>()
  readonly #waiting = new Map<number, Waiting>()
  /** Keys between their first `send` and their intent: a second caller joins the first. */
  readonly #starting = new Map<string, Promise<Intent>>()
  #finished = new Map<string, FinishedKey>()
  #finishedSeq = 0
  #nextNonce: number | undefined
  /** Everything that gives out nonces or changes intents runs one after another. */
  #queue: Promise<unknown> = Promise.resolve()
  #lookQueued = false
  readonly #stopping = new AbortController()
  readonly #unsubscribe: () => void

  constructor(options: SenderOptions, modules: ConnectedSenderModules) {
    this.address = modules.signer.address
    this.#modules = modules
    this.#cap = options.maxFeePerGas ?? DEFAULT_MAX_FEE
    this.#replaceAfterMs = options.replaceAfterMs ?? DEFAULT_REPLACE_AFTER_MS
    this.#store = createIntentStore(modules.store, this.address)
    this.#unsubscribe = modules.chain.subscribe((change) => {
      if (change.kind === 'head') this.#look()
    })
  }

  async load(): Promise<void> {
    const { intents, finished } = await this.#store.load()
    for (const intent of intents) this.#intents.set(intent.nonce, intent)
    this.#finished = finished
    this.#finishedSeq = Math.max(0, ...[...finished.values()].map(({ seq }) => seq))
    if (intents.length > 0) this.#modules.logger.info('transactions of an earlier run go on', { count: intents.length })
    this.#look()
  }

  pending(): number {
    return this.#intents.size
  }

  async send(request: TransactionRequest, signal: AbortSignal): Promise<TransactionReceipt> {
    this.#stopping.signal.throwIfAborted()
    signal.throwIfAborted()
    const { key } = request
    const done = key === undefined ? undefined : this.#finished.get(key)
    if (done !== undefined) return done.receipt
    const intent = await this.#intentFor(request)
    const receipt = this.#wait(intent).promise
    this.#look()
    return aborted(receipt, signal)
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    this.#stopping.abort(new ChainError('stopped', 'the transaction sender was stopped'))
    await this.#queue
    for (const waiting of this.#waiting.values()) waiting.reject(this.#stopping.signal.reason)
    this.#waiting.clear()
  }

  async #intentFor(request: TransactionRequest): Promise<Intent> {
    const { key } = request
    if (key === undefined) return this.#start(request)
    const present = [...this.#intents.values()].find((intent) => intent.key === key)
    if (present !== undefined) return present
    const starting = this.#starting.get(key) ?? this.#start(request).finally(() => this.#starting.delete(key))
    this.#starting.set(key, starting)
    return starting
  }

  async #start(request: TransactionRequest): Promise<Intent> {
    if (this.#intents.size + this.#starting.size >= MAX_PENDING)
      throw new ChainError('sender-full', `${MAX_PENDING} transactions wait already; the chain takes none`)
    const gasLimit = request.gasLimit ?? (await this.#estimate(request))
    return this.#exclusive(() => this.#create(request, gasLimit))
  }

  async #estimate({ to, data, value }: TransactionRequest): Promise<bigint> {
    try {
      const call = { from: this.address, to, data, ...(value !== undefined && { value }) }
      return ((await this.#eth().estimateGas(call, this.#stopping.signal)) * GAS_MARGIN_PERCENT) / 100n
    } catch (error) {
      throw asRevert(error) ?? withFunds(error)
    }
  }

  /** Gives out a nonce, writes the intent, sends it. A nonce is only kept when the bytes may be somewhere. */
  async #create(request: TransactionRequest, gasLimit: bigint): Promise<Intent> {
    const { clock } = this.#modules
    const fees = await quoteFees(this.#eth(), this.#cap, this.#stopping.signal)
    for (;;) {
      const nonce = await this.#takeNonce()
      const intent: Intent = {
        nonce,
        key: request.key,
        label: request.label,
        to: request.to,
        data: request.data,
        value: request.value ?? 0n,
        gasLimit,
        versions: [],
        createdMs: clock.now(),
        pricedMs: clock.now(),
        mined: undefined,
        missing: 0,
      }
      intent.versions.push(await this.#sign(intent, fees))
      await this.#store.save(intent)
      const result = await broadcast(this.#all(), intent.versions[0]!.raw, this.#stopping.signal)
      if (result.kind === 'taken' || result.kind === 'waiting') {
        this.#intents.set(nonce, intent)
        this.#wait(intent)
        this.#nextNonce = nonce + 1
        this.#modules.metrics.count('chain_transactions_total', { label: request.label, event: 'sent' })
        return intent
      }
      await this.#store.finish(intent)
      if (result.kind === 'refused') throw asRevert(result.error) ?? result.error
      // Another wallet used the key meanwhile: this nonce is gone, the next one is asked for.
      this.#nextNonce = undefined
      this.#modules.logger.warn('somebody else sends with this node’s key', { nonce, label: request.label })
      if ((await this.#eth().nonce(this.address, 'latest', this.#stopping.signal)) <= nonce)
        throw new ChainError('nonce-taken', `the endpoint refuses nonce ${nonce} though the chain has not used it`)
    }
  }

  async #takeNonce(): Promise<number> {
    const own = Math.max(-1, ...this.#intents.keys()) + 1
    this.#nextNonce ??= await this.#eth().nonce(this.address, 'pending', this.#stopping.signal)
    return Math.max(own, this.#nextNonce)
  }

  #sign(intent: Intent, fees: Fees) {
    const { chain, signer } = this.#modules
    return signTransaction({ ...intent, ...fees, chainId: chain.network.chainId }, signer)
  }

  #wait(intent: Intent): Waiting {
    const present = this.#waiting.get(intent.nonce)
    if (present !== undefined) return present
    const waiting: Waiting = Promise.withResolvers<TransactionReceipt>()
    // Somebody who stopped waiting is no unhandled rejection.
    waiting.promise.catch(() => {})
    this.#waiting.set(intent.nonce, waiting)
    return waiting
  }

  /** At most one look is queued: it sees everything that happened before it. */
  #look(): void {
    if (this.#lookQueued || this.#stopping.signal.aborted) return
    this.#lookQueued = true
    void this.#exclusive(async () => {
      this.#lookQueued = false
      for (const intent of [...this.#intents.values()].sort((a, b) => a.nonce - b.nonce)) await this.#visit(intent)
      this.#modules.metrics.gauge('chain_transactions_pending', this.#intents.size)
    }).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted)
        this.#modules.logger.debug('transactions could not be looked at; the next block tries again', {
          error: String(error),
        })
    })
  }

  async #visit(intent: Intent): Promise<void> {
    const found = await this.#receiptOf(intent)
    if (found === undefined) return this.#urge(intent)
    intent.missing = 0
    const { status, ...receipt } = found
    if (intent.mined?.hash !== found.hash || intent.mined.block !== Number(found.blockNumber)) {
      intent.mined = { hash: found.hash, block: Number(found.blockNumber) }
      await this.#store.save(intent)
      this.#modules.metrics.count('chain_transactions_total', {
        label: intent.label,
        event: status === 1 ? 'mined' : 'reverted',
      })
    }
    if (status === 1) this.#waiting.get(intent.nonce)?.resolve(receipt)
    else this.#waiting.get(intent.nonce)?.reject(await this.#whyReverted(intent))
    const tip = this.#modules.chain.health().head
    if (tip !== undefined && Number(tip.number) - intent.mined.block >= this.#modules.chain.confirmations)
      await this.#settle(intent, status === 1 ? receipt : undefined)
  }

  async #receiptOf(intent: Intent) {
    // The dearest first: it is the likeliest.
    for (const { hash } of intent.versions.toReversed()) {
      const receipt = await this.#eth().receipt(hash, this.#stopping.signal)
      if (receipt !== undefined) return receipt
    }
    return undefined
  }

  async #settle(intent: Intent, receipt: TransactionReceipt | undefined): Promise<void> {
    this.#intents.delete(intent.nonce)
    this.#waiting.delete(intent.nonce)
    if (intent.key === undefined || receipt === undefined) return this.#store.finish(intent)
    const finished = { seq: ++this.#finishedSeq, receipt: { ...receipt, logs: [...receipt.logs] } }
    this.#finished.set(intent.key, finished)
    const forget = [...this.#finished.keys()].slice(0, Math.max(0, this.#finished.size - MAX_FINISHED))
    for (const key of forget) this.#finished.delete(key)
    await this.#store.finish(intent, finished, forget)
  }

  /** Not mined: sends the same bytes again, or dearer ones when it waited long enough. */
  async #urge(intent: Intent): Promise<void> {
    if (intent.mined !== undefined) {
      this.#modules.logger.warn('a reorg dropped a transaction; sending the same bytes again', { label: intent.label })
      intent.mined = undefined
      intent.pricedMs = this.#modules.clock.now()
      await this.#store.save(intent)
    } else if ((await this.#eth().nonce(this.address, 'latest', this.#stopping.signal)) > intent.nonce) {
      intent.missing++
      if (intent.missing >= MISSING_LOOKS) await this.#drop(intent)
      return
    } else if (this.#modules.clock.now() - intent.pricedMs >= this.#replaceAfterMs) {
      await this.#reprice(intent)
    }
    await broadcast(this.#all(), intent.versions.at(-1)!.raw, this.#stopping.signal)
  }

  async #reprice(intent: Intent): Promise<void> {
    const last = intent.versions.at(-1)!
    const quoted = await quoteFees(this.#eth(), this.#cap, this.#stopping.signal).catch((error: unknown) => {
      if (error instanceof ChainError && error.code === 'fee-too-high') return undefined
      throw error
    })
    const fees = quoted && bumpFees(last, quoted, this.#cap)
    intent.pricedMs = this.#modules.clock.now()
    if (fees === undefined || intent.versions.length >= MAX_VERSIONS) {
      this.#modules.metrics.count('chain_transactions_total', { label: intent.label, event: 'at-cap' })
      return
    }
    intent.versions.push(await this.#sign(intent, fees))
    await this.#store.save(intent)
    this.#modules.metrics.count('chain_transactions_total', { label: intent.label, event: 'replaced' })
  }

  async #drop(intent: Intent): Promise<void> {
    const text = `nonce ${intent.nonce} was used by a transaction that this node did not send; is its key used elsewhere?`
    this.#modules.logger.error(text, { label: intent.label })
    this.#waiting.get(intent.nonce)?.reject(new ChainError('nonce-taken', text))
    this.#waiting.delete(intent.nonce)
    this.#intents.delete(intent.nonce)
    this.#nextNonce = undefined
    await this.#store.finish(intent)
  }

  /** The call again, at the head: the state may be another one by now, so the reason is the best guess. */
  async #whyReverted({ to, data, value }: Intent): Promise<ChainError> {
    try {
      await this.#eth().call({ from: this.address, to, data, value }, this.#stopping.signal)
    } catch (error) {
      const revert = asRevert(error)
      if (revert !== undefined) return revert
    }
    const revert = { name: 'unknown', args: [] }
    return new ChainError('reverted', 'the transaction was mined and reverted; its fee is lost', { revert })
  }

  #eth(): EthMethods {
    return this.#modules.chain.source.active()
  }

  #all(): readonly EthMethods[] {
    return this.#modules.chain.source.all()
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(() => {
      this.#stopping.signal.throwIfAborted()
      return work()
    })
    this.#queue = run.catch(() => {})
    return run
  }
}

function withFunds(error: unknown): unknown {
  if (error instanceof ChainError && error.code === 'rpc-error' && /insufficient funds/i.test(error.message))
    return new ChainError('insufficient-funds', 'the account cannot pay for the transaction; send it native coin', {
      cause: error,
    })
  return error
}

/** Only the waiting ends with the signal; the transaction goes its way. */
function aborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
