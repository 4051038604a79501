/** What this node answers to others. Every answer is something that a third party can check. */
import { CodecError } from '../../core/canonical-cbor.ts'
import type { Hash32 } from '../../core/ids.ts'
import type { EngineContext } from '../context.ts'
import { decodeBundle } from '../evidence.ts'
import { epochKey, PREFIX } from '../keys.ts'
import { decodeRevealHeader } from '../messages/reveal-header.ts'
import { encodeState } from '../state/codec.ts'
import type { RootedState } from '../state/store.ts'
import { encodeChunk } from './chunks.ts'
import { answerProof } from './proof.ts'
import {
  decodeHashRequest,
  type HashRequest,
  MAX_REQUEST_BYTES,
  type OracleProtocol,
  protocolName,
} from './protocols.ts'
import { answerRoundQuery, decodeRoundQuery } from './round-query.ts'

type Answer = Uint8Array | undefined

export class Server {
  readonly #ctx: EngineContext
  /** The newest encoded state: pieces of one snapshot are cut from it without encoding it again. */
  #encoded: { of: RootedState; bytes: Uint8Array } | undefined

  /** The bundle asked for last, by its inputs hash, for the same reason. */
  #served: { hash: Hash32; bytes: Uint8Array } | undefined

  constructor(ctx: EngineContext) {
    this.#ctx = ctx
  }

  /** @returns a function that takes all handlers away. */
  start(): () => void {
    const stops = [
      this.#handle('round', (body) => this.#round(body)),
      this.#handle('reveal', (body) => this.#reveal(decodeHashRequest(body))),
      this.#handle('batch', (body) => this.#batch(decodeHashRequest(body))),
      this.#handle('bundle', (body) => this.#bundle(decodeHashRequest(body))),
      this.#handle('snapshot', async (body) => this.#snapshot(decodeHashRequest(body))),
      this.#handle('proof', async (body) => answerProof(this.#ctx.keeper.current, body)),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }

  #handle(protocol: OracleProtocol, answer: (body: Uint8Array) => Promise<Answer>): () => void {
    const { requests, chain } = this.#ctx.ports
    const name = protocolName(chain.domain, protocol)
    const handler = async (body: Uint8Array) => {
      this.#ctx.metrics.count('oracle_requests_total', { protocol })
      try {
        return await answer(body)
      } catch (error) {
        // A malformed request is the asker's fault; there is nothing to say to it.
        if (error instanceof CodecError) return undefined
        throw error
      }
    }
    return requests.handle(name, handler, { maxRequestBytes: MAX_REQUEST_BYTES })
  }

  async #round(body: Uint8Array): Promise<Answer> {
    const query = decodeRoundQuery(body)
    const round = this.#ctx.rounds.get(query.epoch)
    return round && answerRoundQuery(round, query)
  }

  async #reveal({ epoch, hash }: HashRequest): Promise<Answer> {
    return this.#ctx.rounds.get(epoch)?.headers.get(hash)?.bytes
  }

  async #batch({ epoch, hash, offset }: HashRequest): Promise<Answer> {
    const round = this.#ctx.rounds.get(epoch)
    // 7.11 An own batch stays secret until its header is out: before that its hash is known to nobody honest.
    const bytes =
      round?.batches.get(hash)?.bytes ??
      (await this.#ctx.ports.store.get(epochKey(PREFIX.batch, epoch, `/${hash}`))) ??
      (await this.#batchOfBundle(epoch, hash))
    return bytes && encodeChunk(bytes, offset)
  }

  async #batchOfBundle(epoch: number, hash: string): Promise<Answer> {
    const bundle = await this.#ctx.keeper.store.bundle(epoch)
    return bundle?.reveals.find((reveal) => decodeRevealHeader(reveal.header).batchHash === hash)?.batch
  }

  async #bundle({ epoch, hash, offset }: HashRequest): Promise<Answer> {
    if (this.#served?.hash !== hash) {
      const { store } = this.#ctx.keeper
      const bytes = await store.bundleBytes(epoch)
      if (!bytes || decodeBundle(bytes).header.inputsHash !== hash) return undefined
      this.#served = { hash, bytes }
    }
    return encodeChunk(this.#served.bytes, offset)
  }

  #snapshot({ epoch, hash, offset }: HashRequest): Answer {
    const kept = this.#ctx.keeper.find(epoch, hash)
    if (!kept) return undefined
    if (this.#encoded?.of !== kept) this.#encoded = { of: kept, bytes: encodeState(kept.state) }
    return encodeChunk(this.#encoded.bytes, offset)
  }
}
