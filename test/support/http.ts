/** One plain HTTP request with nothing added: what a client that only holds a URL can do. */
import { request } from 'node:http'

export interface PlainResponse {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
}

/** The path is sent as it stands in the URL: `new URL` would resolve `..` inside object keys. */
export function plainRequest(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: Uint8Array } = {},
): Promise<PlainResponse> {
  const [, host, port, path] = /^http:\/\/([^:/]+):(\d+)(\/.*)$/.exec(url) ?? []
  return new Promise((resolve, reject) => {
    const req = request(
      { host, port, path, method: options.method ?? 'GET', headers: options.headers ?? {}, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        )
      },
    )
    req.on('error', reject)
    req.end(options.body)
  })
}
