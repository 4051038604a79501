/**
 * What an operator needs of a node to register it: the node key's consent and, for an oracle, the anchor of its hash chain.
 * Made where the node key is (`lightmesh credentials`), used where the operator key is.
 */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { ConnectedChain } from '../../chain/create-chain.ts'
import { wrong } from '../../consumer/commands/values.ts'
import { createSigner } from '../../core/crypto/secp256k1.ts'
import { createDigests } from '../../core/eip712.ts'
import { epochAt } from '../../core/epoch-clock.ts'
import { type Address, bytesToHex, type Hex, hexToBytes } from '../../core/ids.ts'
import type { HashChain } from '../../oracle/hash-chain.ts'
import { ConfigError } from '../config-entry.ts'

const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`), `0x and ${2 * bytes} lower-case hex digits`)
    .transform((text) => text as Hex)

const credentialsSchema = z.strictObject({
  operator: hex(20),
  node: hex(20),
  consent: hex(65),
  /** Of an oracle. */
  anchor: z.strictObject({ value: hex(32), baseEpoch: z.number().int().min(0) }).optional(),
})

export type Credentials = z.infer<typeof credentialsSchema>

/** Epochs of room between making the credentials and their registration; a base in the past is refused. */
const ANCHOR_LEAD_EPOCHS = 8

export async function makeCredentials(
  { domain, clock }: Pick<ConnectedChain, 'domain' | 'clock'>,
  privateKey: Uint8Array,
  hashChain: HashChain | undefined,
  operator: Address,
  nowMs: number,
): Promise<Credentials> {
  const signer = createSigner(privateKey)
  const consent = bytesToHex(await signer.signDigest(createDigests(domain).nodeConsent(operator)))
  const baseEpoch = Math.max(0, epochAt(clock, nowMs) + ANCHOR_LEAD_EPOCHS)
  return { operator, node: signer.address, consent, ...(hashChain && { anchor: hashChain.anchor(baseEpoch) }) }
}

/** @throws {ConfigError} `unreadable`; {ConsumerError} `invalid-value` when they were made for another operator. */
export async function readCredentials(file: string | undefined, operator: Address) {
  if (file === undefined) throw wrong('credentials', 'the file that `lightmesh credentials` wrote')
  let parsed: Credentials
  try {
    parsed = credentialsSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    const why = cause instanceof z.ZodError ? cause.issues[0]?.message : (cause as Error).message
    throw new ConfigError('unreadable', `${file}: ${why}`, { cause })
  }
  if (parsed.operator !== operator)
    throw wrong('credentials', `made for this operator, ${operator}, not for ${parsed.operator}`)
  return { ...parsed, consent: hexToBytes(parsed.consent) }
}
