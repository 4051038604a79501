/** A URL's parts without normalising its path: `new URL` would resolve `..` inside an object's key. */

export interface UrlParts {
  secure: boolean
  /** Without brackets. */
  host: string
  port: number
  /** With query, beginning with `/`. */
  path: string
}

/** `undefined` for anything but http(s) with a plain host. */
export function splitUrl(url: string): UrlParts | undefined {
  const [, scheme, bracketed, plain, port, path] =
    /^(https?):\/\/(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?(\/[\x21-\x7e]*)?$/.exec(url) ?? []
  const host = bracketed ?? plain
  if (!scheme || !host) return undefined
  const secure = scheme === 'https'
  const number = port === undefined ? (secure ? 443 : 80) : Number(port)
  return number > 0 && number < 65_536 ? { secure, host, port: number, path: (path ?? '/').split('#')[0]! } : undefined
}
