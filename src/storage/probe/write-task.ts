/** Write probe: 64 KiB that follow from the entropy, into this oracle's own slot, read back and compared. */
import { PROBE_WRITE_BYTES } from '../../core/grants/grant.ts'
import type { ProbeResult } from '../../core/ports/unit-probe.ts'
import { bodyOf } from '../keys.ts'
import { expandEntropy } from './entropy.ts'
import { outcomeOfStatus, ProbeFailure } from './outcomes.ts'
import { figuresOf, type TaskInput } from './read-task.ts'

const MAX_ANSWER_BYTES = 65_536

/** TTFB counts from the last byte sent to the answer; throughput is that of the upload. @throws {ProbeFailure | HttpFailure} */
export async function writeTask({ http, rights, entropy, totalMs, signal }: TaskInput): Promise<ProbeResult> {
  const grant = rights.grants.find(({ method }) => method === 'PUT')
  if (!grant) throw new ProbeFailure('grant-refused')
  const data = expandEntropy(entropy, PROBE_WRITE_BYTES)
  const response = await http.request({
    method: 'PUT',
    url: grant.url,
    headers: grant.headers,
    body: bodyOf(data),
    maxResponseBytes: MAX_ANSWER_BYTES,
    totalMs,
    signal,
  })
  for await (const _ of response.body) {
    // The answer's document is of no interest; reading it ends the exchange.
  }
  const outcome = outcomeOfStatus(response.status, [200, 201])
  if (outcome !== 'ok') throw new ProbeFailure(outcome)
  const timings = response.timings()
  const { ttfbMs } = figuresOf(timings, data.length)
  const upload = figuresOf({ ...timings, transferMs: timings.sendMs }, data.length)
  return { outcome: 'ok', ttfbMs, kbps: upload.kbps }
}
