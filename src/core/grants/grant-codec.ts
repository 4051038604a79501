/** Grant requests and answers on the wire. */
import { type CborValue, CodecError, decodeCanonical, encodeCanonical, read } from '../canonical-cbor.ts'
import type { Digests } from '../eip712.ts'
import { bytesToHex, type Hash32, hexToBytes } from '../ids.ts'
import { keccak256Hex } from '../keccak.ts'
import type { Signature, SignatureScheme, Signer } from '../ports/signer.ts'
import { MAX_KEY_BYTES } from '../ports/storage.ts'
import {
  GRANT_PURPOSES,
  GRANT_REFUSALS,
  type Grant,
  type GrantItem,
  type GrantRefusal,
  type GrantRequest,
  MAX_GRANT_REQUEST_BYTES,
  MAX_GRANT_RESPONSE_BYTES,
  MAX_GRANTS,
} from './grant.ts'

const MAX_EPOCH = 2 ** 40 - 1
const MAX_URL_CHARS = 16_384
const MAX_HEADERS = 8
const ACTIONS = ['read', 'write'] as const
const METHODS = ['GET', 'PUT'] as const

export type GrantAnswer = { grants: readonly Grant[] } | { refusal: GrantRefusal }

function encodeBody(request: GrantRequest): Uint8Array {
  const items = request.items.map((i): CborValue => [ACTIONS.indexOf(i.action), i.key, i.bytes])
  return encodeCanonical([GRANT_PURPOSES.indexOf(request.purpose), items])
}

function digestOf(digests: Digests, request: GrantRequest, body: Uint8Array): Hash32 {
  const { subject, requester, epoch } = request
  return digests.grantRequest({ subject, requester, epoch, bodyHash: keccak256Hex(body) })
}

export async function signGrantRequest(digests: Digests, signer: Signer, request: GrantRequest): Promise<Uint8Array> {
  const body = encodeBody(request)
  const signature = await signer.signDigest(digestOf(digests, request, body))
  return encodeCanonical([hexToBytes(request.subject), hexToBytes(request.requester), request.epoch, body, signature])
}

/** @throws {CodecError} on anything malformed. The signature is checked by `isSignedByRequester`. */
export function decodeGrantRequest(encoded: Uint8Array): {
  request: GrantRequest
  body: Uint8Array
  signature: Signature
} {
  const [subject, requester, epoch, body, signature] = read.tuple(decodeCanonical(encoded, MAX_GRANT_REQUEST_BYTES), 5)
  const bodyBytes = read.bytesUpTo(body, MAX_GRANT_REQUEST_BYTES)
  const [purpose, items] = read.tuple(decodeCanonical(bodyBytes, MAX_GRANT_REQUEST_BYTES), 2)
  const request: GrantRequest = {
    purpose: GRANT_PURPOSES[read.uint(purpose, GRANT_PURPOSES.length - 1)]!,
    subject: bytesToHex(read.bytes(subject, 32)),
    requester: bytesToHex(read.bytes(requester, 20)),
    epoch: read.uint(epoch, MAX_EPOCH),
    items: read.list(items, MAX_GRANTS).map(decodeItem),
  }
  return { request, body: bodyBytes, signature: read.bytes(signature, 65) }
}

function decodeItem(value: CborValue): GrantItem {
  const [action, key, bytes] = read.tuple(value, 3)
  return {
    action: ACTIONS[read.uint(action, ACTIONS.length - 1)]!,
    key: read.text(key, MAX_KEY_BYTES),
    bytes: read.uint(bytes),
  }
}

export function isSignedByRequester(
  digests: Digests,
  scheme: SignatureScheme,
  { request, body, signature }: ReturnType<typeof decodeGrantRequest>,
): boolean {
  return scheme.recover(digestOf(digests, request, body), signature) === request.requester
}

export function encodeGrantAnswer(answer: GrantAnswer): Uint8Array {
  if ('refusal' in answer) return encodeCanonical([GRANT_REFUSALS.indexOf(answer.refusal) + 1, []])
  const grants = answer.grants.map(
    (g): CborValue => [
      g.key,
      METHODS.indexOf(g.method),
      g.url,
      Object.entries(g.headers).sort(([a], [b]) => (a < b ? -1 : 1)),
      g.expiresAtMs,
    ],
  )
  return encodeCanonical([0, grants])
}

/** @throws {CodecError} */
export function decodeGrantAnswer(encoded: Uint8Array): GrantAnswer {
  const [status, grants] = read.tuple(decodeCanonical(encoded, MAX_GRANT_RESPONSE_BYTES), 2)
  const code = read.uint(status, GRANT_REFUSALS.length)
  if (code > 0) return { refusal: GRANT_REFUSALS[code - 1]! }
  return { grants: read.list(grants, MAX_GRANTS).map(decodeGrant) }
}

function decodeGrant(value: CborValue): Grant {
  const [key, method, url, headers, expiresAtMs] = read.tuple(value, 5)
  return {
    key: read.text(key, MAX_KEY_BYTES),
    method: METHODS[read.uint(method, METHODS.length - 1)]!,
    url: decodeUrl(read.text(url, MAX_URL_CHARS)),
    headers: Object.fromEntries(read.list(headers, MAX_HEADERS).map(decodeHeader)),
    expiresAtMs: read.uint(expiresAtMs),
  }
}

/** What a provider says is sent by our own HTTP client: nothing may smuggle a line or a hop-by-hop header into it. */
function decodeHeader(value: CborValue): [string, string] {
  const [name, text] = read.tuple(value, 2)
  const header: [string, string] = [read.text(name, 64), read.text(text, 1024)]
  if (!/^(?:content-length|content-type|x-(?:amz|ms)-[a-z0-9-]+)$/.test(header[0]) || !/^[\x20-\x7e]*$/.test(header[1]))
    throw new CodecError('wrong-shape', 'a header that no grant needs')
  return header
}

function decodeUrl(text: string): string {
  if (!/^https?:\/\/[\x21-\x7e]+$/.test(text)) throw new CodecError('wrong-shape', 'a grant is an http or https URL')
  return text
}
