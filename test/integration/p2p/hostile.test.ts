/** Hostile peers: the network stays healthy, its memory bounded, they end up banned and nobody else does. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, it, type TestContext } from 'node:test'
import { encodeAdvert } from '../../../src/core/advert/advert.ts'
import { advertTopic, shardOf } from '../../../src/core/advert/topics.ts'
import { PAGE_PROTOCOL } from '../../../src/core/catalogue/sync-codec.ts'
import { networkName } from '../../../src/core/network.ts'
import { encodeLength } from '../../../src/p2p/frames.ts'
import type { Mesh } from '../../../src/p2p/types.ts'
import { signerOf } from '../../unit/core/advert/fixtures.ts'
import { type Attacker, gossipTo, publishRpc, push, startAttacker, subscriptionRpc } from './attacker.ts'
import { advertNow, type CatalogueNode, heard, type Market, marketOf, startCatalogue } from './catalogue-network.ts'
import { heldMiB } from './memory.ts'
import { DOMAIN, type NetworkOptions } from './mesh-network.ts'

const PAGE = networkName(DOMAIN, PAGE_PROTOCOL)
const BOUND_MIB = 48
const within = (ms = 30_000) => AbortSignal.timeout(ms)

/** Resolves once the peer is not connected any more. */
function gone(mesh: Mesh, address: string): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (mesh.requests.peers().some((peer) => peer === address)) return
      stop()
      resolve()
    }
    const stop = mesh.watchPeers(check)
    check()
  })
}

/** A new connection does not come about, or is closed at once. */
async function refused(attacker: Attacker, victim: Mesh): Promise<void> {
  try {
    const connection = await attacker.connect(victim)
    if (connection.status === 'open') await once(connection as unknown as EventTarget, 'close')
  } catch {
    // Not even encrypted: as good.
  }
  assert.ok(!victim.requests.peers().includes(attacker.address))
}

describe('hostile peers', { timeout: 180_000 }, () => {
  let nodes: CatalogueNode[] = []
  let attackers: Attacker[] = []
  let market: Market
  afterEach(async () => {
    await Promise.all([...attackers, ...nodes].map((each) => each.stop()))
    attackers = []
    nodes = []
  })

  /** `count` honest nodes, connected, that know the adverts of ten units. */
  const honest = async (count: number, network: NetworkOptions = {}) => {
    market = await marketOf(10)
    nodes = [await startCatalogue({ market, held: market.adverts, syncEveryMs: 60_000, ...network })]
    const bootstrap = nodes[0]!.mesh.multiaddrs()
    const options = { market, held: market.adverts, syncEveryMs: 60_000, bootstrap, ...network }
    nodes.push(...(await Promise.all(Array.from({ length: count - 1 }, () => startCatalogue(options)))))
    await Promise.all(nodes.map(({ mesh }) => mesh.waitForPeers(count - 1, within())))
    const topics = market.adverts.map(({ unitId }) => advertTopic(DOMAIN, shardOf(unitId)))
    for (const topic of topics)
      await Promise.all(nodes.map(({ mesh }) => mesh.waitForSubscribers(topic, count - 1, within())))
  }
  const attack = async () => {
    const attacker = await startAttacker()
    attackers.push(attacker)
    const connections = await Promise.all(nodes.map(({ mesh }) => attacker.connect(mesh)))
    return { attacker, connections }
  }
  /** A new advert of a unit that nobody attacked, announced by one node, is heard by all others. */
  const adverts = async (unit: number) => {
    const { unitId } = market.adverts[unit]!
    const advert = await advertNow(unitId, 777n)
    const arrived = nodes.slice(1).map((node) => heard(node, unitId, 777n))
    await nodes[0]!.service.announce(advert, encodeAdvert(advert))
    await Promise.all(arrived)
  }
  /** Nobody honest was cut off or blamed. */
  const intact = () => {
    for (const { mesh } of nodes) {
      const others = nodes.filter((node) => node.mesh !== mesh).map((node) => node.mesh.address)
      const peers = mesh.peers().filter(({ address }) => others.includes(address))
      assert.equal(peers.length, others.length)
      assert.ok(
        peers.every(({ score }) => score >= 0),
        'an honest peer lost score',
      )
    }
  }
  const bounded = (t: TestContext, before: number) => {
    const grown = heldMiB() - before
    t.diagnostic(`memory grew by ${grown.toFixed(1)} MiB over ${nodes.length} nodes and the attacker`)
    assert.ok(grown < BOUND_MIB, `${grown} MiB`)
  }

  it('error: invalid signatures at rate', { timeout: 40_000 }, async (t) => {
    await honest(3)
    const before = heldMiB()
    const { attacker, connections } = await attack()
    const { unitId } = market.adverts[0]!
    const topic = advertTopic(DOMAIN, shardOf(unitId))
    const forged = await Promise.all(
      Array.from({ length: 300 }, (_, i) => advertNow(unitId, BigInt(i), BigInt(Date.now() + i), signerOf(9))),
    )
    const banned = Promise.all(nodes.map(({ mesh }) => gone(mesh, attacker.address)))
    const floods = connections.map(async (connection) => {
      const send = await gossipTo(connection)
      for (const advert of forged) await send(publishRpc(topic, encodeAdvert(advert)))
    })
    await Promise.allSettled(floods)
    await adverts(1)
    await banned
    await refused(attacker, nodes[0]!.mesh)
    intact()
    bounded(t, before)
  })

  it('error: a flood with a valid key', { timeout: 40_000 }, async (t) => {
    await honest(3)
    const before = heldMiB()
    const { attacker, connections } = await attack()
    const { unitId } = market.adverts[0]!
    const topic = advertTopic(DOMAIN, shardOf(unitId))
    const first = BigInt(Date.now())
    const flood = await Promise.all(
      Array.from({ length: 3_000 }, (_, i) => advertNow(unitId, BigInt(i), first + BigInt(i))),
    )
    const seen: bigint[] = []
    const stop = nodes[1]!.service.watch((advert) => {
      if (advert.unitId === unitId) seen.push(advert.seq)
    })
    const banned = gone(nodes[1]!.mesh, attacker.address)
    const send = await gossipTo(connections[1]!)
    const sent = (async () => {
      for (const advert of flood) await send(publishRpc(topic, encodeAdvert(advert)))
    })()
    await Promise.allSettled([sent])
    await adverts(1)
    await banned
    stop()
    assert.ok(seen.length <= 30, `${seen.length} of 3,000 were taken`)
    intact()
    bounded(t, before)
  })

  it('error: a replay of old adverts', { timeout: 40_000 }, async (t) => {
    await honest(3)
    const before = heldMiB()
    const { connections } = await attack()
    const { unitId, seq } = market.adverts[0]!
    const topic = advertTopic(DOMAIN, shardOf(unitId))
    const old = await Promise.all(Array.from({ length: 500 }, (_, i) => advertNow(unitId, 5n, BigInt(i + 1))))
    for (const connection of connections) {
      const send = await gossipTo(connection)
      for (const advert of old) await send(publishRpc(topic, encodeAdvert(advert)))
    }
    await adverts(1)
    for (const { service } of nodes) assert.equal(service.catalogue.get(unitId)?.seq, seq)
    intact()
    bounded(t, before)
  })

  it('error: oversized and truncated frames close their stream, and then their sender out', {
    timeout: 40_000,
  }, async (t) => {
    await honest(2)
    const before = heldMiB()
    const { attacker, connections } = await attack()
    const victim = nodes[0]!.mesh
    const banned = gone(victim, attacker.address)
    const frames = [
      encodeLength(1 << 27),
      Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80),
      Buffer.concat([encodeLength(4), new Uint8Array(9)]),
      Buffer.concat([encodeLength(60), new Uint8Array(3)]),
    ]
    for (let i = 0; connections[0]!.status === 'open' && i < 100; i++) {
      try {
        const stream = await connections[0]!.newStream(PAGE)
        const closed = new Promise<unknown>((resolve) => stream.addEventListener('close', resolve, { once: true }))
        stream.send(frames[i % frames.length]!)
        await stream.close()
        await closed
      } catch {
        // The victim has closed it already.
      }
    }
    await banned
    const report = await nodes[1]!.service.sync(within())
    assert.ok(report.honest.includes(victim.address))
    intact()
    bounded(t, before)
  })

  it('error: a flood of subscriptions', { timeout: 40_000 }, async (t) => {
    await honest(2)
    const before = heldMiB()
    const { attacker, connections } = await attack()
    const banned = gone(nodes[0]!.mesh, attacker.address)
    const send = await gossipTo(connections[0]!)
    const strange = (round: number) => Array.from({ length: 2_000 }, (_, i) => `/strange/${round}/${i}`)
    const known = advertTopic(DOMAIN, 0)
    try {
      for (let round = 0; round < 50; round++) await send(subscriptionRpc(strange(round)))
      for (let i = 0; i < 2_000; i++) await send(subscriptionRpc([known], i % 2 === 0))
    } catch {
      // Closed by the victim: what the test wants.
    }
    await banned
    await adverts(1)
    intact()
    bounded(t, before)
  })

  it('error: a flood of streams', { timeout: 40_000 }, async (t) => {
    await honest(2)
    const before = heldMiB()
    const { connections } = await attack()
    // One after the other, each held open without a byte; then a burst.
    let opened = 0
    for (let i = 0; i < 400 && connections[0]!.status === 'open'; i++) {
      await connections[0]!.newStream(PAGE, { signal: within(5_000), maxOutboundStreams: 10_000 }).then(
        () => opened++,
        () => {},
      )
    }
    const burst = Array.from({ length: 2_000 }, () => connections[0]!.newStream(PAGE, { signal: within(5_000) }))
    await Promise.allSettled(burst)
    t.diagnostic(`${opened} of 400 streams were opened`)
    assert.ok(nodes[0]!.mesh.peers().length <= 2)
    const report = await nodes[1]!.service.sync(within())
    assert.ok(report.honest.includes(nodes[0]!.mesh.address))
    await adverts(1)
    intact()
    bounded(t, before)
  })

  it('error: a reader that does not read', { timeout: 40_000 }, async (t) => {
    await honest(2, { limits: { inboundRequestTimeoutMs: 1_000 } })
    const victim = nodes[0]!.mesh
    const big = new Uint8Array(4 << 20)
    const name = networkName(DOMAIN, 'big')
    const signals: AbortSignal[] = []
    victim.requests.handle(
      name,
      async (_body, _from, signal) => {
        signals.push(signal)
        return big
      },
      { maxRequestBytes: 1 },
    )
    const before = heldMiB()
    const { connections } = await attack()
    const ends: Promise<unknown>[] = []
    for (let i = 0; i < 16; i++) {
      const stream = await connections[0]!.newStream(name)
      stream.pause()
      ends.push(once(stream as unknown as EventTarget, 'close'))
      await push(stream, Uint8Array.of(0))
    }
    await Promise.all(ends)
    assert.ok(signals.length > 0)
    const report = await nodes[1]!.service.sync(within())
    assert.ok(report.honest.includes(victim.address))
    intact()
    bounded(t, before)
  })

  it('error: a peer that takes a place and gossips nothing is let go', { timeout: 40_000 }, async () => {
    await honest(2, { limits: { silentConnectionMs: 2_000 } })
    const mute = await startAttacker({ gossips: false })
    attackers.push(mute)
    await mute.connect(nodes[0]!.mesh)
    await nodes[0]!.mesh.waitForPeers(2, within())
    await gone(nodes[0]!.mesh, mute.address)
    intact()
  })

  it('behavior: with 30 % of the mesh silent adverts reach every honest node within three heartbeats', {
    timeout: 40_000,
  }, async (t) => {
    await honest(7)
    const bootstrap = nodes[0]!.mesh.multiaddrs()
    // Silent: they listen, and hand on nothing, because nothing is registered where they live.
    const nowhere: Market = { units: new Map(), adverts: [] }
    const silent = await Promise.all(
      Array.from({ length: 3 }, () => startCatalogue({ market: nowhere, bootstrap, syncEveryMs: 60_000 })),
    )
    await Promise.all(silent.map(({ mesh }) => mesh.waitForPeers(9, within())))
    const began = performance.now()
    for (const unit of [1, 2, 3, 4, 5]) await adverts(unit)
    const each = (performance.now() - began) / 5
    t.diagnostic(`${each.toFixed(0)} ms an advert`)
    assert.ok(each < 3_000)
    intact()
    await Promise.all(silent.map((node) => node.stop()))
  })
})
