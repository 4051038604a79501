/** One key, two names: the libp2p PeerId inlines the compressed public key, the EVM address is the hash of the full one. */
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { PeerId, Secp256k1PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromPublicKey } from '@libp2p/peer-id'
import { addressOfPublicKey, publicKeyOf } from '../core/crypto/secp256k1.ts'
import type { Address } from '../core/ids.ts'
import { MeshError } from './errors.ts'

export interface NodeIdentity {
  privateKey: Secp256k1PrivateKey
  peerId: PeerId
  address: Address
}

/** @throws {MeshError} `invalid-key` on anything but a 32-byte secp256k1 private key. */
export function identityOf(privateKey: Uint8Array): NodeIdentity {
  try {
    const address = addressOfPublicKey(publicKeyOf(privateKey))
    const key = privateKeyFromRaw(Uint8Array.from(privateKey))
    if (key.type !== 'secp256k1') throw new TypeError(`a ${key.type} key`)
    return { privateKey: key, peerId: peerIdFromPrivateKey(key), address }
  } catch (cause) {
    throw new MeshError('invalid-key', 'the node key must be 32 bytes of a secp256k1 private key', { cause })
  }
}

/** `undefined` for a peer whose key is of another type: it can't be a node of this network. */
export function addressOfPeer(peer: PeerId): Address | undefined {
  return peer.type === 'secp256k1' ? addressOfPublicKey(peer.publicKey.raw) : undefined
}

/** @param publicKey 33 bytes, compressed. @throws on bytes that are no point of the curve. */
export function peerOfPublicKey(publicKey: Uint8Array): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(publicKey))
}
