/** Read probe: one random 64 KiB leaf of a listed object, by range, through the grant; its content checked. */
import type { Hash32 } from '../../core/ids.ts'
import { hashLeaf, leafRange } from '../../core/manifest/tree.ts'
import { MIN_THROUGHPUT_BYTES } from '../../core/observations.ts'
import type { HttpClient, HttpTimings } from '../../core/ports/http.ts'
import type { ProbeResult } from '../../core/ports/unit-probe.ts'
import { chooseLeaf } from './entropy.ts'
import { outcomeOfStatus, ProbeFailure } from './outcomes.ts'
import type { ProbeRights } from './rights.ts'

/** Beside the payload: headers of the answer, 16 KiB at the most, and framing. */
const WIRE_SLACK_BYTES = 32_768

export interface TaskInput {
  http: HttpClient
  rights: ProbeRights
  entropy: Hash32
  totalMs: number
  signal: AbortSignal
}

/** @throws {ProbeFailure | HttpFailure} */
export async function readTask({ http, rights, entropy, totalMs, signal }: TaskInput): Promise<ProbeResult> {
  const chosen = chooseLeaf(entropy, rights.list.objects)
  if (!chosen) throw new ProbeFailure('index-invalid')
  const { object, leaf } = chosen
  const range = leafRange(object.bytes, leaf)
  const grant = rights.grants.find(({ key, method }) => key === object.key && method === 'GET')
  if (!grant || !range) throw new ProbeFailure('grant-refused')
  const length = range.end - range.start + 1
  const response = await http.request({
    method: 'GET',
    url: grant.url,
    headers: { ...grant.headers, range: `bytes=${range.start}-${range.end}`, 'accept-encoding': 'identity' },
    maxResponseBytes: length + WIRE_SLACK_BYTES,
    totalMs,
    signal,
  })
  // A whole object of one leaf may be sent as 200.
  const whole = length === object.bytes
  const outcome = outcomeOfStatus(response.status, whole ? [200, 206] : [206])
  if (outcome !== 'ok') {
    await response.body.return?.()
    throw new ProbeFailure(outcome)
  }
  const data = await readExactly(response.body, length)
  if (Buffer.compare(hashLeaf(data), object.leafHashes[leaf]!) !== 0) throw new ProbeFailure('wrong-content')
  return { outcome: 'ok', ...figuresOf(response.timings(), length) }
}

async function readExactly(body: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const data = new Uint8Array(length)
  let filled = 0
  for await (const chunk of body) {
    if (filled + chunk.length > length) throw new ProbeFailure('wrong-length')
    data.set(chunk, filled)
    filled += chunk.length
  }
  if (filled !== length) throw new ProbeFailure('wrong-length')
  return data
}

/** Whole milliseconds, at least one: 0 means that nothing was received. */
export function figuresOf(timings: HttpTimings, bytes: number): { ttfbMs: number; kbps: number } {
  const ttfbMs = Math.max(1, Math.round(timings.ttfbMs))
  // Small transfers arrive within one round trip; from the first byte on there would be nothing left to measure.
  const seconds = (timings.transferMs > 10 ? timings.transferMs : timings.ttfbMs + timings.transferMs) / 1000
  return { ttfbMs, kbps: bytes < MIN_THROUGHPUT_BYTES ? 0 : Math.round((bytes * 8) / 1000 / Math.max(seconds, 0.001)) }
}
