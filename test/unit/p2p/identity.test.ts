import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { privateKeyToAddress } from 'viem/accounts'
import { hexToBytes } from '../../../src/core/ids.ts'
import { addressOfPeer, identityOf, peerOfPublicKey } from '../../../src/p2p/identity.ts'
import { createPeerBook } from '../../../src/p2p/peer-book.ts'

const keyOf = (n: number) => hexToBytes(`0x${n.toString(16).padStart(64, '0')}`)

describe('identity', () => {
  it('default', () => {
    const { address, peerId, privateKey } = identityOf(keyOf(7))
    assert.equal(address, privateKeyToAddress(`0x${'7'.padStart(64, '0')}`).toLowerCase())
    assert.equal(addressOfPeer(peerId), address)
    assert.ok(peerOfPublicKey(privateKey.publicKey.raw).equals(peerId))
  })

  it('behavior: a peer with a key of another type has no address', async () => {
    assert.equal(addressOfPeer(peerIdFromPrivateKey(await generateKeyPair('Ed25519'))), undefined)
  })

  it('error: bytes that are no key', () => {
    for (const key of [new Uint8Array(32), new Uint8Array(31), new Uint8Array(32).fill(255)])
      assert.throws(() => identityOf(key), { code: 'invalid-key' })
  })
})

describe('createPeerBook', () => {
  const peers = [1, 2, 3].map((n) => identityOf(keyOf(n)))

  it('default', () => {
    const book = createPeerBook(10)
    for (const { peerId, address } of peers) assert.equal(book.learn(peerId), address)
    for (const { peerId, address } of peers) assert.ok(book.peerOf(address)?.equals(peerId))
    assert.equal(book.size, 3)
  })

  it('behavior: the one not seen for longest is forgotten', () => {
    const book = createPeerBook(2)
    const [a, b, c] = peers as [(typeof peers)[0], (typeof peers)[0], (typeof peers)[0]]
    for (const { peerId } of [a, b, a, c]) book.learn(peerId)
    assert.equal(book.peerOf(b.address), undefined)
    assert.ok(book.peerOf(a.address))
    assert.ok(book.peerOf(c.address))
    assert.equal(book.size, 2)
  })
})
