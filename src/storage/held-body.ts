/** A body that holds something (a file, a connection) until it was read, failed or was returned: even before its first read. */
export function heldBody(source: AsyncGenerator<Uint8Array>, release: () => void): AsyncIterableIterator<Uint8Array> {
  let held = true
  const letGo = () => {
    if (held) release()
    held = false
  }
  const iterator: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      try {
        const result = await source.next()
        if (result.done) letGo()
        return result
      } catch (error) {
        letGo()
        throw error
      }
    },
    // Not left to the generator: one that never started skips its `finally`.
    async return() {
      letGo()
      await source.return(undefined)
      return { done: true, value: undefined }
    },
  }
  return iterator
}
