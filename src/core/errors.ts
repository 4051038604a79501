/**
 * The one base of the project's errors. A subclass fixes a closed union of codes; the code is also the metric label.
 * The message tells a person what to do next; the cause is kept.
 */
export class LightmeshError<Code extends string = string> extends Error {
  override readonly name: string = 'LightmeshError'
  readonly code: Code

  constructor(code: Code, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }

  /** The first error in the cause chain, this one included, for which `matches` holds. */
  walk(matches: (error: unknown) => boolean): unknown {
    let current: unknown = this
    for (let depth = 0; depth < 16 && current !== undefined; depth++) {
      if (matches(current)) return current
      current = current instanceof Error ? current.cause : undefined
    }
    return undefined
  }
}

/** The code of any error for a log line or a metric label: closed codes as they are, everything else `unknown`. */
export function codeOf(error: unknown): string {
  return error instanceof LightmeshError ? error.code : 'unknown'
}
