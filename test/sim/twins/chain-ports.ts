/** The chain as one node reaches it: through an endpoint that may lag, fail or lie. */
import type { ChainFacts } from '../../../src/core/chain-facts.ts'
import type { Epoch } from '../../../src/core/ids.ts'
import type { AttestationSink, ChainReader, SubmitOutcome } from '../../../src/core/ports/chain.ts'
import type { SimChain, Submission } from './chain.ts'
import type { Random } from './random.ts'
import type { VirtualTime } from './time.ts'

export interface Endpoint {
  lagSeconds: number
  down: boolean
  /** Says that everything is open and that nothing was ever attested. */
  lies: boolean
}

export class EndpointError extends Error {
  override readonly name = 'EndpointError'
}

/** Virtual time that a transaction takes to reach the mempool, at most. */
const SEND_MS = 200

export function chainPorts(
  chain: SimChain,
  endpoint: Endpoint,
  modules: { time: VirtualTime; random: Random; alive: () => boolean },
): { chain: ChainReader; sink: AttestationSink } {
  const { time, random, alive } = modules
  const view = () => {
    if (!alive()) return undefined
    if (endpoint.down) throw new EndpointError('connection refused')
    return chain.view(endpoint.lagSeconds)
  }
  const never = <T>() => new Promise<T>(() => {})
  const reader: ChainReader = {
    domain: chain.options.domain,
    clock: chain.options.clock,
    factsAt: (epoch, signal) => waitForFacts(chain, view, epoch, time, signal),
    epochStatus: async (epoch) => {
      const blocks = view()
      if (!blocks) return never()
      return endpoint.lies ? { kind: 'open' } : chain.statusOf(epoch, blocks)
    },
    latestAttestation: async () => {
      const blocks = view()
      if (!blocks) return never()
      return endpoint.lies ? undefined : chain.latest(blocks)
    },
    finalBefore: async (epoch) => {
      const blocks = view()
      if (!blocks) return never()
      return endpoint.lies ? undefined : chain.finalBefore(epoch, blocks)
    },
  }
  const sink: AttestationSink = {
    submit: (header, signatures, signal) =>
      new Promise<SubmitOutcome>((resolve, reject) => {
        if (endpoint.down) return reject(new EndpointError('connection refused'))
        const onAbort = () => reject(signal.reason)
        signal.addEventListener('abort', onAbort, { once: true })
        const submission: Submission = {
          header,
          signatures,
          done: (kind) => {
            signal.removeEventListener('abort', onAbort)
            if (alive()) resolve({ kind, gasUsed: 86_000n })
          },
        }
        // Once sent it is on its way, whatever becomes of the process.
        time.after(random.int(1, SEND_MS), () => {
          chain.remember(submission)
          chain.submit(submission)
        })
      }),
  }
  return { chain: reader, sink }
}

/** How often a reader looks for the block that it waits for. */
const LOOK_EVERY_MS = 500

function waitForFacts(
  chain: SimChain,
  view: () => ReturnType<SimChain['view']> | undefined,
  epoch: Epoch,
  time: VirtualTime,
  signal: AbortSignal,
): Promise<ChainFacts> {
  return new Promise((resolve, reject) => {
    let cancel = () => {}
    const onAbort = () => {
      cancel()
      reject(signal.reason)
    }
    const look = () => {
      let blocks: ReturnType<typeof view>
      try {
        blocks = view()
      } catch (error) {
        signal.removeEventListener('abort', onAbort)
        return reject(error)
      }
      const facts = blocks && chain.factsAt(epoch, blocks)
      if (!facts) {
        cancel = time.after(LOOK_EVERY_MS, look)
        return
      }
      signal.removeEventListener('abort', onAbort)
      resolve(facts)
    }
    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    look()
  })
}
