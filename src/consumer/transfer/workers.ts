/** A few things at the same time; the first failure ends all. */

/** Runs `task(0 … count − 1)`, at most `concurrency` at once, in order of beginning. */
export async function runAll(
  count: number,
  concurrency: number,
  signal: AbortSignal,
  task: (index: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController()
  const both = AbortSignal.any([signal, failure.signal])
  let next = 0
  const worker = async () => {
    for (let index = next++; index < count; index = next++) {
      both.throwIfAborted()
      await task(index, both)
    }
  }
  const workers = Array.from({ length: Math.min(concurrency, count) }, () =>
    worker().catch((error) => {
      if (!failure.signal.aborted) failure.abort(error)
      throw error
    }),
  )
  await Promise.allSettled(workers)
  signal.throwIfAborted()
  if (failure.signal.aborted) throw failure.signal.reason
}

/** Results of `task(0 … count − 1)` in order, at most `ahead` of them begun before they are taken. */
export async function* inOrder<T>(
  count: number,
  ahead: number,
  signal: AbortSignal,
  task: (index: number, signal: AbortSignal) => Promise<T>,
): AsyncGenerator<T> {
  const left = new AbortController()
  const both = AbortSignal.any([signal, left.signal])
  const running: Promise<T>[] = []
  try {
    for (let begun = 0; begun < count || running.length > 0; ) {
      while (begun < count && running.length < ahead) {
        const work = task(begun++, both)
        work.catch(() => {})
        running.push(work)
      }
      yield await running.shift()!
    }
  } finally {
    // Whoever stops reading stops what was begun for it.
    left.abort(new Error('the reader left'))
    await Promise.allSettled(running)
  }
}
