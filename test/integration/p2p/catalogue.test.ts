/** Catalogues over the real mesh: gossip, a late join with 20,000 units, a partition, a peer that lies. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { asHeartbeat, encodeAdvert } from '../../../src/core/advert/advert.ts'
import { signerOf } from '../../unit/core/advert/fixtures.ts'
import {
  advertNow,
  type CatalogueNode,
  type CatalogueNodeOptions,
  heard,
  marketOf,
  startCatalogue,
} from './catalogue-network.ts'

const within = (ms = 30_000) => AbortSignal.timeout(ms)

describe('catalogue on the mesh', { timeout: 120_000 }, () => {
  let nodes: CatalogueNode[] = []
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    nodes = []
  })
  /** The first one is the bootstrap node of the others. */
  const start = async (options: CatalogueNodeOptions) => {
    const bootstrap = nodes[0]?.mesh.multiaddrs() ?? []
    const node = await startCatalogue({ bootstrap, ...options })
    nodes.push(node)
    return node
  }
  const connected = () => Promise.all(nodes.map(({ mesh }) => mesh.waitForPeers(nodes.length - 1, within())))

  it('default: an announced unit is in every catalogue', async () => {
    const market = await marketOf(1)
    for (let i = 0; i < 4; i++) await start({ market, syncEveryMs: 60_000 })
    await connected()
    const [advert] = market.adverts
    const arrived = Promise.all(nodes.slice(1).map((node) => heard(node, advert!.unitId, advert!.body!.freeBytes)))
    await nodes[0]!.service.announce(advert!, encodeAdvert(advert!))
    await arrived
    for (const { service } of nodes) {
      const found = service.query({ kinds: ['s3'], capabilities: ['direct'] })
      assert.deepEqual(
        found.units.map(({ unit }) => unit.id),
        [advert!.unitId],
      )
    }
  })

  it('behavior: a node that joins late has 20,000 units within 10 s', async (t) => {
    const market = await marketOf(20_000)
    for (let i = 0; i < 3; i++) await start({ market, held: market.adverts, syncEveryMs: 60_000 })
    await connected()
    const [began, cpu] = [performance.now(), process.cpuUsage()]
    const late = await start({ market: { ...market }, syncEveryMs: 60_000 })
    await late.mesh.waitForPeers(1, within())
    const report = await late.service.sync(within())
    const seconds = (performance.now() - began) / 1_000
    const { user, system } = process.cpuUsage(cpu)
    const cpuSeconds = (user + system) / 1e6
    t.diagnostic(`20,000 units in ${seconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of CPU for both sides`)
    assert.equal(late.service.catalogue.size, 20_000)
    assert.deepEqual(report.liars, [])
    // A machine that others keep busy is not what is measured.
    assert.ok(Math.min(seconds, cpuSeconds) <= 10, `${seconds} s`)
  })

  it('behavior: what a part of the network missed it gets by comparing', async () => {
    const market = await marketOf(50)
    await start({ market, held: market.adverts })
    const other = await start({ market, held: market.adverts.slice(0, 20).map(asHeartbeat) })
    await connected()
    // Both compare every half second; the last one to come ends the wait.
    const all = async () => {
      while (market.adverts.some(({ unitId }) => other.service.catalogue.get(unitId)?.body === undefined))
        await other.service.sync(within())
    }
    await all()
    assert.equal(other.service.catalogue.size, 50)
  })

  it('error: a peer that invents adverts is found out and banned; the others serve on', async () => {
    const market = await marketOf(20)
    const later = BigInt(Date.now() + 1_000_000)
    const forged = await Promise.all(market.adverts.map(({ unitId }) => advertNow(unitId, 1n, later, signerOf(9))))
    await start({ market, held: market.adverts, syncEveryMs: 60_000 })
    const liar = await start({ market, held: forged, syncEveryMs: 60_000 })
    await connected()
    const victim = await start({ market, syncEveryMs: 60_000 })
    await victim.mesh.waitForPeers(2, within())
    while (victim.liars.length === 0) await victim.service.sync(within())
    assert.deepEqual(new Set(victim.liars), new Set([liar.mesh.address]))
    await victim.service.sync(within())
    assert.equal(victim.service.catalogue.size, 20)
    assert.ok(market.adverts.every(({ unitId, seq }) => victim.service.catalogue.get(unitId)?.seq === seq))
    assert.ok(!victim.mesh.requests.peers().includes(liar.mesh.address))
  })
})
