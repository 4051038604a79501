/**
 * Makes one unit servable: its backend checked, objects for probers in it, their signed list kept. A backend that is off does
 * not keep the node from its other work: the unit is served as soon as it answers.
 */
import { secp256k1Scheme } from '../../core/crypto/secp256k1.ts'
import { unitIdOf } from '../../core/eip712.ts'
import { codeOf } from '../../core/errors.ts'
import type { UnitId } from '../../core/ids.ts'
import {
  decodeObjectList,
  encodeObjectList,
  type SignedObjectList,
  signObjectList,
} from '../../core/manifest/object-list.ts'
import { RETRYABLE_STORAGE_CODES, type StorageDriver, StorageError } from '../../core/ports/storage.ts'
import type { UnitTerms } from '../../core/units.ts'
import { dropOldProbeObjects, seedProbeObjects } from '../../provider/grants/probe-objects.ts'
import type { ServedUnit } from '../../provider/grants/served-unit.ts'
import type { Foundation } from '../foundation.ts'
import type { UnitEntry } from '../units-file.ts'

/** Between two looks at a backend that is off. */
const RETRY_MS = 2_000

export interface UnitToServe {
  entry: UnitEntry
  terms: UnitTerms
  driver: StorageDriver
}

/** @throws {StorageError} for what time does not heal: wrong credentials, no such bucket. */
export async function serveUnit(
  base: Foundation,
  unit: UnitToServe,
  onServed: (served: ServedUnit) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, closing, health, logger } = base
  const unitId = unitIdOf(unit.terms.provider, unit.terms.nonce)
  const check = `backend of ${unit.terms.kind} unit ${unitId.slice(0, 10)}`
  const stopping = new AbortController()
  const until = AbortSignal.any([signal, stopping.signal])
  let cancel = () => {}
  let running: Promise<void> = Promise.resolve()
  closing.add(check, async () => {
    stopping.abort(new Error('the node is stopping'))
    cancel()
    await running.catch(() => {})
  })
  const attempt = async () => {
    try {
      await unit.driver.validate({ signal: until })
      const objects = await probeObjects(base, unit, unitId, until)
      health.set(check, true)
      logger.info('backend ready', { unitId, kind: unit.terms.kind, objects: objects.objects.length })
      onServed({ unitId, driver: unit.driver, objects })
    } catch (error) {
      until.throwIfAborted()
      if (!(error instanceof StorageError && RETRYABLE_STORAGE_CODES.has(error.code))) throw error
      health.set(check, false, error.message)
      logger.warn('the backend does not answer; its unit is served when it does', { unitId, code: codeOf(error) })
      cancel = clock.schedule(clock.now() + RETRY_MS, () => {
        running = attempt()
        running.catch((failed: unknown) => {
          if (!until.aborted) logger.error('the unit is not served', { unitId, error: String(failed) })
        })
      })
    }
  }
  await attempt()
}

/** The list of an earlier run while its objects are there: probers hold rights on them. A new one otherwise. */
async function probeObjects(
  base: Foundation,
  { entry, terms, driver }: UnitToServe,
  unitId: UnitId,
  signal: AbortSignal,
): Promise<SignedObjectList> {
  const { clock, rng, digests, identity, store } = base
  const key = `provider/objects/${unitId}`
  const bytes = await store.get(key)
  const known = bytes && decodeObjectList(bytes, { unitId, provider: terms.provider, digests, scheme: secp256k1Scheme })
  if (known && (await allThere(driver, known, signal))) return known
  const seq = BigInt(clock.now())
  const list = await seedProbeObjects(driver, rng, { unitId, seq, ...entry.probeObjects, signal })
  const signed = await signObjectList(digests, identity.signer, list)
  await store.batch([{ type: 'put', key, value: encodeObjectList(signed) }], { sync: true })
  await dropOldProbeObjects(driver, list, signal)
  return signed
}

async function allThere(driver: StorageDriver, list: SignedObjectList, signal: AbortSignal): Promise<boolean> {
  for (const { key, bytes } of list.objects) {
    try {
      if ((await driver.head(key, { signal })).bytes !== bytes) return false
    } catch (error) {
      if (error instanceof StorageError && error.code === 'object-missing') return false
      throw error
    }
  }
  return true
}
