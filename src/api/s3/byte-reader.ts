/** Lines and counted bytes out of a stream of chunks. */
import { S3Error } from './errors.ts'

export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  #buffer: Uint8Array = new Uint8Array()

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Up to and without CRLF. @throws {S3Error} `IncompleteBody` at the end of the stream or beyond `maxBytes`. */
  async line(maxBytes: number): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf(10)
      if (end > maxBytes || (end < 0 && this.#buffer.length > maxBytes))
        throw new S3Error('IncompleteBody', 'a line of the chunked body is too long')
      if (end >= 0) {
        if (this.#buffer[end - 1] !== 13) throw new S3Error('IncompleteBody', 'lines end with CRLF')
        const line = Buffer.from(this.#buffer.subarray(0, end - 1)).toString('latin1')
        this.#buffer = this.#buffer.subarray(end + 1)
        return line
      }
      this.#buffer = Buffer.concat([this.#buffer, await this.#more()])
    }
  }

  /** 1 to `maxBytes` bytes, what is there first. @throws {S3Error} `IncompleteBody` at the end of the stream. */
  async some(maxBytes: number): Promise<Uint8Array> {
    if (this.#buffer.length === 0) this.#buffer = await this.#more()
    const taken = this.#buffer.subarray(0, maxBytes)
    this.#buffer = this.#buffer.subarray(taken.length)
    return taken
  }

  async atEnd(): Promise<boolean> {
    while (this.#buffer.length === 0) {
      const next = await this.#source.next()
      if (next.done) return true
      this.#buffer = next.value
    }
    return false
  }

  async #more(): Promise<Uint8Array> {
    for (;;) {
      const next = await this.#source.next()
      if (next.done) throw new S3Error('IncompleteBody', 'the body ended too early')
      if (next.value.length > 0) return next.value
    }
  }
}
