import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MultiaddrConnection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { hexToBytes } from '../../../src/core/ids.ts'
import { noMetrics } from '../../../src/core/ports/metrics.ts'
import { createGater, type GaterOptions } from '../../../src/p2p/gater.ts'
import { identityOf } from '../../../src/p2p/identity.ts'

const peerOf = (n: number) => identityOf(hexToBytes(`0x${n.toString(16).padStart(64, '0')}`)).peerId
const from = (ip: string) => ({ remoteAddr: multiaddr(`/ip4/${ip}/tcp/4001`) }) as MultiaddrConnection

function gaterOf(changes: Partial<GaterOptions> = {}, connected: Record<string, number> = {}) {
  const time = { now: 0 }
  const options = { allowPrivateAddresses: false, maxConnectionsPerIp: 2, maxBans: 2, now: () => time.now, ...changes }
  return { time, gater: createGater(options, noMetrics, (ip) => connected[ip] ?? 0) }
}

describe('createGater', () => {
  it('default', () => {
    const { gater, time } = gaterOf()
    gater.ban(peerOf(1), 1_000)
    assert.equal(gater.denyDialPeer?.(peerOf(1)), true)
    assert.equal(gater.denyInboundEncryptedConnection?.(peerOf(1), from('8.8.8.8')), true)
    assert.equal(gater.denyDialPeer?.(peerOf(2)), false)
    time.now += 1_000
    assert.equal(gater.denyDialPeer?.(peerOf(1)), false)
  })

  it('behavior: one address gets its share of connections', () => {
    const { gater } = gaterOf({}, { '8.8.8.8': 2, '8.8.4.4': 1 })
    assert.equal(gater.denyInboundConnection?.(from('8.8.8.8')), true)
    assert.equal(gater.denyInboundConnection?.(from('8.8.4.4')), false)
    const shared = gaterOf({ allowPrivateAddresses: true }, { '127.0.0.1': 50 })
    assert.equal(shared.gater.denyInboundConnection?.(from('127.0.0.1')), false)
  })

  it('behavior: private addresses are neither dialled nor kept, unless allowed', () => {
    const { gater } = gaterOf()
    const open = gaterOf({ allowPrivateAddresses: true }).gater
    for (const ip of ['127.0.0.1', '10.1.2.3', '192.168.0.1', '169.254.169.254']) {
      const address = multiaddr(`/ip4/${ip}/tcp/80`)
      assert.equal(gater.denyDialMultiaddr?.(address), true, ip)
      assert.equal(gater.filterMultiaddrForPeer?.(peerOf(1), address), false, ip)
      assert.equal(open.denyDialMultiaddr?.(address), false, ip)
    }
    assert.equal(gater.denyDialMultiaddr?.(multiaddr('/ip4/8.8.8.8/tcp/80')), false)
  })

  it('behavior: the ban that ends first makes room', () => {
    const { gater } = gaterOf()
    gater.ban(peerOf(1), 3_000)
    gater.ban(peerOf(2), 1_000)
    gater.ban(peerOf(3), 2_000)
    assert.deepEqual(
      [1, 2, 3].map((n) => gater.isBanned(peerOf(n))),
      [true, false, true],
    )
  })
})
