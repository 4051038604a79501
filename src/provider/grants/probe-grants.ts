/** An oracle's rights on a unit for the next epochs: read what is listed, write its own slot. */
import { epochStartMs } from '../../core/epoch-clock.ts'
import { type Grant, MAX_GRANTS, PROBE_WRITE_BYTES, probeWriteKey } from '../../core/grants/grant.ts'
import type { GrantAnswer } from '../../core/grants/grant-codec.ts'
import type { Address } from '../../core/ids.ts'
import type { GrantContext } from './grant-service.ts'
import type { ServedUnit } from './served-unit.ts'

/** Presigned URLs live for 7 days at the most, everywhere. */
const MAX_LIFE_MS = 7 * 86_400_000

export async function probeGrants(
  { ports, options, nowMs, epoch }: GrantContext,
  unit: ServedUnit,
  requester: Address,
): Promise<GrantAnswer> {
  const until = epochStartMs(ports.epochClock, epoch + options.probeGrantEpochs)
  const life = { nowMs, expiresInMs: Math.min(MAX_LIFE_MS, until - nowMs) }
  const grants: Grant[] = []
  for (const { key } of unit.objects.objects.slice(0, MAX_GRANTS - 1))
    grants.push({ key, ...(await unit.driver.presign({ action: 'read', key, ...life })) })
  const key = probeWriteKey(requester)
  grants.push({ key, ...(await unit.driver.presign({ action: 'write', key, bytes: PROBE_WRITE_BYTES, ...life })) })
  return { grants }
}
