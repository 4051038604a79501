/** What the drivers over a vendor's SDK share: each call and each body ends in the storage port's own errors. */

/** Maps whatever a vendor's SDK threw; an abort stays the signal's reason. */
export type ErrorMapper = (error: unknown, doing: string, signal: AbortSignal | undefined) => unknown

/** Runs one call of the SDK. @throws what `toStorageError` makes of its failure. */
export async function vendorCall<T>(
  toStorageError: ErrorMapper,
  doing: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  try {
    return await work()
  } catch (error) {
    throw toStorageError(error, doing, signal)
  }
}

/** The chunks of a body. @throws what `toStorageError` makes of a failure on the way. */
export async function* vendorBody(
  toStorageError: ErrorMapper,
  body: AsyncIterable<Uint8Array>,
  doing: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      signal?.throwIfAborted()
      yield chunk
    }
  } catch (error) {
    throw toStorageError(error, doing, signal)
  }
}

/** An ETag as the vendors' headers quote it, without its quotes; empty when there is none. */
export function unquotedEtag(etag: string | undefined): string {
  return (etag ?? '').replace(/^"|"$/g, '')
}
