/**
 * Web3 Secret Storage, version 3: scrypt (or PBKDF2, for files of other programs), AES-128-CTR, keccak-256 MAC.
 * https://ethereum.org/en/developers/docs/data-structures-and-encoding/web3-secret-storage/
 */
import {
  createCipheriv,
  createDecipheriv,
  pbkdf2 as pbkdf2Callback,
  randomBytes,
  randomUUID,
  type ScryptOptions,
  scrypt as scryptCallback,
  timingSafeEqual,
} from 'node:crypto'
import { promisify } from 'node:util'
import { scryptAsync as portableScrypt } from '@noble/hashes/scrypt.js'
import { z } from 'zod'
import { createSigner } from '../../core/crypto/secp256k1.ts'
import { keccak256 } from '../../core/keccak.ts'
import { KeystoreError } from './errors.ts'

const scrypt = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scryptCallback)
const pbkdf2 = promisify(pbkdf2Callback)

/** What scrypt costs: memory is 128·n·r bytes. */
export interface ScryptCost {
  n: number
  r: number
  p: number
}

/** 256 MiB and about a second: the cost that geth and ethers use. */
export const STANDARD_COST: ScryptCost = { n: 2 ** 18, r: 8, p: 1 }
/** 4 MiB: for keys that live as long as a devnet. */
export const LIGHT_COST: ScryptCost = { n: 2 ** 12, r: 8, p: 6 }

/** A file that asks for more is refused before the work begins. */
const MAX_SCRYPT_MEMORY = 1 << 30
const MAX_PARALLEL = 16
const MAX_PBKDF2_ROUNDS = 10_000_000

const hexText = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`))
const positive = z.number().int().positive()
const crypto = z.object({
  cipher: z.string(),
  ciphertext: hexText(32),
  cipherparams: z.object({ iv: hexText(16) }),
  mac: hexText(32),
  kdf: z.string(),
  kdfparams: z.object({
    dklen: positive,
    salt: z.string().regex(/^(?:[0-9a-fA-F]{2}){8,64}$/),
    n: positive.optional(),
    r: positive.optional(),
    p: positive.optional(),
    c: positive.optional(),
    prf: z.string().optional(),
  }),
})
/** Some programs write `Crypto` with a capital letter. */
const document = z.union([
  z.object({ version: z.literal(3), crypto, address: z.string().optional() }),
  z
    .object({ version: z.literal(3), Crypto: crypto, address: z.string().optional() })
    .transform(({ Crypto, ...rest }) => ({ ...rest, crypto: Crypto })),
])
type Envelope = z.infer<typeof crypto>

/** The JSON text of a new key file. @param privateKey 32 bytes. */
export async function encryptKey(privateKey: Uint8Array, passphrase: string, cost = STANDARD_COST): Promise<string> {
  const { address } = createSigner(privateKey)
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  const derived = await deriveScrypt(passphrase, salt, cost)
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const ciphertext = Buffer.concat([cipher.update(privateKey), cipher.final()])
  const envelope: Envelope = {
    cipher: 'aes-128-ctr',
    ciphertext: ciphertext.toString('hex'),
    cipherparams: { iv: iv.toString('hex') },
    kdf: 'scrypt',
    kdfparams: { dklen: 32, salt: salt.toString('hex'), ...cost },
    mac: Buffer.from(macOf(derived, ciphertext)).toString('hex'),
  }
  return `${JSON.stringify({ version: 3, id: randomUUID(), address: address.slice(2), crypto: envelope }, null, 2)}\n`
}

/**
 * The private key inside a key file.
 * @throws {KeystoreError} `malformed`, `unsupported`, `wrong-passphrase`.
 */
export async function decryptKey(text: string, passphrase: string): Promise<Uint8Array> {
  const { crypto: envelope, address } = parse(text)
  if (envelope.cipher !== 'aes-128-ctr')
    throw new KeystoreError('unsupported', `the key file's cipher is ${envelope.cipher}; aes-128-ctr is known`)
  const derived = await derive(envelope, passphrase)
  const ciphertext = Buffer.from(envelope.ciphertext, 'hex')
  if (!timingSafeEqual(macOf(derived, ciphertext), Buffer.from(envelope.mac, 'hex')))
    throw new KeystoreError('wrong-passphrase', 'the passphrase does not open this key file')
  const iv = Buffer.from(envelope.cipherparams.iv, 'hex')
  const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const privateKey = new Uint8Array(Buffer.concat([decipher.update(ciphertext), decipher.final()]))
  const actual = createSigner(privateKey).address
  if (address !== undefined && actual !== `0x${address.toLowerCase().replace(/^0x/, '')}`)
    throw new KeystoreError('malformed', `the key file names another address than its key has (${actual})`)
  return privateKey
}

function parse(text: string): z.infer<typeof document> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // The cause would quote the file's text.
    throw new KeystoreError('malformed', 'the key file is not JSON')
  }
  const result = document.safeParse(json)
  if (result.success) return result.data
  throw new KeystoreError('malformed', 'the key file is not a Web3 Secret Storage document of version 3')
}

function macOf(derived: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return keccak256(Buffer.concat([derived.subarray(16, 32), ciphertext]))
}

async function derive({ kdf, kdfparams }: Envelope, passphrase: string): Promise<Buffer> {
  const { dklen, salt, n, r, p, c, prf } = kdfparams
  const saltBytes = Buffer.from(salt, 'hex')
  if (dklen !== 32) throw new KeystoreError('unsupported', `a derived key of ${dklen} bytes; 32 are known`)
  if (kdf === 'scrypt' && n !== undefined && r !== undefined && p !== undefined)
    return deriveScrypt(passphrase, saltBytes, { n, r, p })
  if (kdf === 'pbkdf2' && c !== undefined && prf === 'hmac-sha256') {
    if (c > MAX_PBKDF2_ROUNDS) throw new KeystoreError('unsupported', `${c} rounds of PBKDF2 are too many`)
    return pbkdf2(passphrase, saltBytes, c, 32, 'sha256')
  }
  throw new KeystoreError('unsupported', `the key derivation ${kdf} with these parameters is not known`)
}

async function deriveScrypt(passphrase: string, salt: Uint8Array, { n, r, p }: ScryptCost): Promise<Buffer> {
  const memory = 128 * n * r
  if (memory > MAX_SCRYPT_MEMORY || p > MAX_PARALLEL || (n & (n - 1)) !== 0 || n < 2)
    throw new KeystoreError('unsupported', `scrypt with n=${n} r=${r} p=${p} is outside what this program allows`)
  // OpenSSL insists on N < 2^(16·r) as RFC 7914 does; files with r = 1 exist, the specification's own vector among them.
  if (n >= 2 ** (16 * r)) return Buffer.from(await portableScrypt(passphrase, salt, { N: n, r, p, dkLen: 32 }))
  return scrypt(passphrase, salt, 32, { N: n, r, p, maxmem: memory + 128 * r * p + (1 << 20) })
}
