/** `Requests` between nodes in one process, without a network: bytes are copied, limits are kept. */
import type { Address } from '../../src/core/ids.ts'
import type { RequestHandler, Requests } from '../../src/core/ports/requests.ts'

export class RequestsLoop {
  readonly #handlers = new Map<string, { handler: RequestHandler; maxRequestBytes: number }>()
  readonly #nodes = new Set<Address>()

  at(node: Address): Requests {
    this.#nodes.add(node)
    return {
      request: async (peer, protocol, body, { maxResponseBytes, signal }) => {
        const found = this.#handlers.get(`${peer}${protocol}`)
        if (!found) throw new Error(`${peer} can't be reached`)
        if (body.length > found.maxRequestBytes) throw new Error('request too long')
        const answer = await found.handler(body.slice(), node, signal ?? new AbortController().signal)
        if (answer && answer.length > maxResponseBytes) throw new Error('answer too long')
        return answer?.slice()
      },
      handle: (protocol, handler, limits) => {
        this.#handlers.set(`${node}${protocol}`, { handler, ...limits })
        return () => this.#handlers.delete(`${node}${protocol}`)
      },
      peers: () => [...this.#nodes].filter((other) => other !== node),
    }
  }
}
