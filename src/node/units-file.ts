/** A provider's units with their backends, from a JSON file. Credentials stand in files of their own, named here. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import type { Address } from '../core/ids.ts'
import { UNIT_KINDS } from '../core/units.ts'
import { ConfigError } from './config-entry.ts'

/** Amounts are decimal strings: JSON numbers lose digits beyond 2^53. */
const amount = z
  .string()
  .regex(/^\d{1,39}$/, 'a decimal number as a string')
  .transform(BigInt)

const backendSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('s3'),
    endpoint: z.url(),
    region: z.string().min(1),
    bucket: z.string().min(3),
    pathStyle: z.boolean().default(true),
    credentialsFile: z.string().min(1),
  }),
  z.strictObject({
    kind: z.literal('azure'),
    endpoint: z.url(),
    account: z.string().min(3),
    container: z.string().min(3),
    credentialsFile: z.string().min(1),
  }),
  z.strictObject({
    kind: z.literal('disk'),
    folder: z.string().min(1),
    host: z.string().min(1).default('127.0.0.1'),
    port: z.number().int().min(0).max(65_535).default(0),
    /** As others reach it, behind a proxy; the endpoint's own address otherwise. */
    publicUrl: z.url().optional(),
  }),
])

const unitSchema = z.strictObject({
  nonce: amount,
  kind: z.enum(UNIT_KINDS),
  region: z.string().min(1).max(32),
  token: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/)
    .transform((text) => text.toLowerCase() as Address),
  capacityBytes: amount,
  pricePerGibEpoch: amount,
  egressBytesPerEpoch: amount,
  sla: z.strictObject({
    availabilityPpm: z.number().int().min(1).max(1_000_000),
    ttfbP95Ms: z.number().int().min(0),
    downP10Kbps: z.number().int().min(0),
    upP10Kbps: z.number().int().min(0),
  }),
  /** Objects that the provider writes once for others to probe. */
  probeObjects: z
    .strictObject({
      count: z.number().int().min(1).max(64),
      bytes: z
        .number()
        .int()
        .min(65_536)
        .max(64 << 20),
    })
    .default({ count: 4, bytes: 262_144 }),
  backend: backendSchema,
})

export type UnitEntry = z.infer<typeof unitSchema>
export type BackendEntry = UnitEntry['backend']

const fileSchema = z.strictObject({ units: z.array(unitSchema).min(1).max(64) })

/** @throws {ConfigError} that names the file and the field. */
export function readUnitsFile(file: string): UnitEntry[] {
  const parsed = fileSchema.safeParse(readJson(file))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw new ConfigError('invalid-value', `${file}: ${issue.path.join('.')}: ${issue.message}`)
  }
  const beside = (path: string) => (isAbsolute(path) ? path : resolve(dirname(file), path))
  return parsed.data.units.map((unit) => {
    const { backend } = unit
    return backend.kind === 'disk'
      ? { ...unit, backend: { ...backend, folder: beside(backend.folder) } }
      : { ...unit, backend: { ...backend, credentialsFile: beside(backend.credentialsFile) } }
  })
}

const s3Credentials = z.strictObject({ accessKeyId: z.string().min(1), secretAccessKey: z.string().min(1) })
const azureCredentials = z.strictObject({ accountKey: z.string().min(1) })

export const readS3Credentials = (file: string) => readCredentials(file, s3Credentials)
export const readAzureCredentials = (file: string) => readCredentials(file, azureCredentials)

function readCredentials<T>(file: string, schema: z.ZodType<T>): T {
  let mode: number
  try {
    mode = statSync(file).mode
  } catch (cause) {
    throw new ConfigError('unreadable', `${file}: ${(cause as Error).message}`, { cause })
  }
  if ((mode & 0o077) !== 0) throw new ConfigError('unreadable', `${file} may be read by others; run: chmod 600 ${file}`)
  const parsed = schema.safeParse(readJson(file))
  // The issue's path and kind, never its value.
  if (!parsed.success)
    throw new ConfigError('invalid-value', `${file}: ${parsed.error.issues[0]!.path.join('.') || 'unexpected content'}`)
  return parsed.data
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new ConfigError('unreadable', `${file}: not JSON`)
    throw new ConfigError('unreadable', `${file}: ${(cause as Error).message}`, { cause })
  }
}
