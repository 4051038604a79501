/** The mesh on loopback TCP: finding one another, forwarding, losing the bootstrap node, restarts. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import type { Hash32 } from '../../../src/core/ids.ts'
import type { Verdict } from '../../../src/core/ports/gossip.ts'
import type { Mesh } from '../../../src/p2p/types.ts'
import { startMesh, startNetwork, stopAll } from './mesh-network.ts'

const TOPIC = '/lightmesh/test/news/1'
const TOPICS = [{ name: TOPIC }]
const PROTOCOL = '/lightmesh/test/echo/1'
const ACCEPT: Verdict = { result: 'accept' }
const within = (ms = 30_000) => AbortSignal.timeout(ms)

/** Subscribes, and gives a promise for the first message that begins with a byte. */
function hear(mesh: Mesh, verdict: (first: number) => Verdict = () => ACCEPT) {
  const seen: number[] = []
  const waiting = new Map<number, () => void>()
  mesh.gossip.subscribe(TOPIC, ({ data }) => {
    seen.push(data[0]!)
    waiting.get(data[0]!)?.()
    return verdict(data[0]!)
  })
  const heard = (first: number) =>
    seen.includes(first) ? Promise.resolve() : new Promise<void>((resolve) => waiting.set(first, resolve))
  return { seen, heard }
}

describe('mesh', { timeout: 120_000 }, () => {
  let meshes: Mesh[] = []
  const folders: string[] = []
  afterEach(async () => {
    await stopAll(meshes)
    meshes = []
    await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })))
  })
  const connected = (network: readonly Mesh[], count = network.length - 1) =>
    Promise.all(network.map((mesh) => mesh.waitForPeers(count, within())))
  const listening = (network: readonly Mesh[], count = network.length - 1) =>
    Promise.all(network.map((mesh) => mesh.waitForSubscribers(TOPIC, count, within())))

  it('default: nodes that know one address find all the others', async () => {
    meshes = await startNetwork(7)
    await connected(meshes)
    const [first, second] = meshes
    assert.deepEqual(
      new Set(first!.peers().map(({ address }) => address)),
      new Set(meshes.slice(1).map(({ address }) => address)),
    )
    assert.ok(second!.multiaddrs()[0]!.endsWith(second!.peerId))
    assert.ok(first!.peers().every(({ score }) => score >= 0))
  })

  it('behavior: what a handler accepts is forwarded, what it ignores or rejects is not', async () => {
    meshes = await startNetwork(3, { topics: TOPICS })
    await connected(meshes)
    const [a, b, c] = meshes as [Mesh, Mesh, Mesh]
    // a — b — c: the ends don't talk to one another.
    await Promise.all([a.ban(c.address, 600_000), c.ban(a.address, 600_000)])
    hear(a)
    const middle = hear(b, (first) =>
      first === 9 ? ACCEPT : { result: first % 2 ? 'ignore' : 'reject', code: 'test' },
    )
    const end = hear(c)
    await Promise.all([a, b, c].map((mesh) => mesh.waitForSubscribers(TOPIC, mesh === b ? 2 : 1, within())))
    for (const first of [1, 2, 9]) await a.gossip.publish(TOPIC, Uint8Array.of(first))
    await Promise.all([middle.heard(1), middle.heard(2), end.heard(9)])
    assert.deepEqual(end.seen, [9])
  })

  it('behavior: a message longer than its topic allows is rejected unread', async () => {
    meshes = [await startMesh([], { topics: [{ name: TOPIC, maxMessageBytes: 10 }] })]
    meshes.push(await startMesh(meshes[0]!.multiaddrs(), { topics: TOPICS }))
    const [strict, other] = meshes as [Mesh, Mesh]
    const { seen, heard } = hear(strict)
    hear(other)
    await listening(meshes)
    await other.gossip.publish(TOPIC, new Uint8Array(11).fill(1))
    await other.gossip.publish(TOPIC, new Uint8Array(10).fill(2))
    await heard(2)
    assert.deepEqual(seen, [2])
    await assert.rejects(strict.gossip.publish(TOPIC, new Uint8Array(11)), { code: 'message-too-long' })
  })

  it('behavior: a message published before anybody listens can be published again', async () => {
    meshes = [await startMesh([], { topics: TOPICS })]
    const [author] = meshes as [Mesh]
    await author.gossip.publish(TOPIC, Uint8Array.of(1))
    meshes.push(await startMesh(author.multiaddrs(), { topics: TOPICS }))
    const { heard } = hear(meshes[1]!)
    await author.waitForSubscribers(TOPIC, 1, within())
    await author.gossip.publish(TOPIC, Uint8Array.of(1))
    await heard(1)
  })

  it('behavior: a node is reached by its address without having been connected', async () => {
    const limits = { targetConnections: 0 }
    const hub = await startMesh([])
    meshes = [hub]
    meshes.push(await startMesh(hub.multiaddrs(), { limits }), await startMesh(hub.multiaddrs(), { limits }))
    const [, asker, answerer] = meshes as [Mesh, Mesh, Mesh]
    await hub.waitForPeers(2, within())
    answerer.requests.handle(PROTOCOL, async (body) => body, { maxRequestBytes: 10 })
    const ask = () =>
      asker.requests.request(answerer.address, PROTOCOL, Uint8Array.of(7), { timeoutMs: 10_000, maxResponseBytes: 10 })
    assert.deepEqual(Uint8Array.from((await ask())!), Uint8Array.of(7))
  })

  it('behavior: nodes that are kept are connected beyond the target', async () => {
    const limits = { targetConnections: 0 }
    const hub = await startMesh([])
    meshes = [hub]
    meshes.push(await startMesh(hub.multiaddrs(), { limits }), await startMesh(hub.multiaddrs(), { limits }))
    const [, a, b] = meshes as [Mesh, Mesh, Mesh]
    a.keep([b.address, a.address])
    await connected([a, b], 2)
    assert.ok(a.requests.peers().includes(b.address))
  })

  it('behavior: without the bootstrap node the others go on, and a new one joins through any of them', async () => {
    meshes = await startNetwork(5, { topics: TOPICS })
    await connected(meshes)
    await meshes.shift()!.stop()
    meshes.push(await startMesh(meshes[2]!.multiaddrs(), { topics: TOPICS }))
    await connected(meshes)
    const ears = meshes.map((mesh) => hear(mesh))
    await listening(meshes)
    await meshes[4]!.gossip.publish(TOPIC, Uint8Array.of(5))
    await Promise.all(ears.slice(0, 4).map(({ heard }) => heard(5)))
  })

  it('behavior: all restarted, they find one another from what they stored', async () => {
    const nodes = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const folder = await mkdtemp(join(tmpdir(), 'lightmesh-peers-'))
        folders.push(folder)
        return { privateKey: randomBytes(32), peerStoreFolder: join(folder, 'peers') }
      }),
    )
    meshes = [await startMesh([], nodes[0]!)]
    for (const node of nodes.slice(1)) meshes.push(await startMesh(meshes[0]!.multiaddrs(), node))
    await connected(meshes)
    const listen = meshes.map((mesh) => [mesh.multiaddrs()[0]!.replace(/\/p2p\/.*/, '')])
    const addresses = meshes.map(({ address }) => address)
    await stopAll(meshes)
    meshes = await Promise.all(nodes.map((node, i) => startMesh([], { ...node, listen: listen[i]! })))
    await connected(meshes)
    assert.deepEqual(
      meshes.map(({ address }) => address),
      addresses,
    )
  })

  it('behavior: a partition heals by itself', async () => {
    meshes = await startNetwork(6, { topics: TOPICS })
    await connected(meshes)
    const halves = [meshes.slice(0, 3), meshes.slice(3)]
    const banMs = 2_000
    await Promise.all(
      meshes.flatMap((mesh, i) => halves[i < 3 ? 1 : 0]!.map((other) => mesh.ban(other.address, banMs))),
    )
    assert.ok(meshes.every((mesh) => mesh.peers().length <= 2))
    const ears = meshes.map((mesh) => hear(mesh))
    await connected(meshes)
    await listening(meshes)
    await meshes[0]!.gossip.publish(TOPIC, Uint8Array.of(3))
    await Promise.all(ears.slice(1).map(({ heard }) => heard(3)))
  })

  it('behavior: the DHT tells who serves a unit', async () => {
    meshes = await startNetwork(5)
    await connected(meshes)
    const key = `0x${randomBytes(32).toString('hex')}` as Hash32
    const [seeker, ...others] = meshes as [Mesh, ...Mesh[]]
    assert.deepEqual(await seeker.providers.findProviders(key, within()), [])
    await others[1]!.providers.provide(key, within())
    await others[3]!.providers.provide(key, within())
    const found = await seeker.providers.findProviders(key, within())
    assert.deepEqual(new Set(found), new Set([others[1]!.address, others[3]!.address]))
    assert.deepEqual(await seeker.providers.findProviders(`0x${'01'.repeat(32)}` as Hash32, within()), [])
  })

  for (const [name, transports, listen] of [
    ['WebSocket', ['ws'], '/ip4/127.0.0.1/tcp/0/ws'],
    ['QUIC', ['quic'], '/ip4/127.0.0.1/udp/0/quic-v1'],
  ] as const) {
    it(`behavior: over ${name} alone`, async () => {
      meshes = await startNetwork(3, { topics: TOPICS, transports, listen: [listen] })
      await connected(meshes)
      const ears = meshes.map((mesh) => hear(mesh))
      await listening(meshes)
      await meshes[0]!.gossip.publish(TOPIC, Uint8Array.of(4))
      await Promise.all(ears.slice(1).map(({ heard }) => heard(4)))
      meshes[1]!.requests.handle(PROTOCOL, async (body) => body, { maxRequestBytes: 10 })
      const options = { timeoutMs: 10_000, maxResponseBytes: 10 }
      const answer = await meshes[2]!.requests.request(meshes[1]!.address, PROTOCOL, Uint8Array.of(7), options)
      assert.equal(answer?.[0], 7)
    })
  }

  it('error: a port in use, a topic that was not named, multiaddrs that are none', async () => {
    meshes = [await startMesh([])]
    const taken = meshes[0]!.multiaddrs()[0]!.replace(/\/p2p\/.*/, '')
    await assert.rejects(startMesh([], { listen: [taken] }), { code: 'listen-failed' })
    await assert.rejects(startMesh(['nonsense']), { code: 'invalid-multiaddr' })
    await assert.rejects(meshes[0]!.gossip.publish(TOPIC, Uint8Array.of(1)), { code: 'unknown-topic' })
    assert.throws(() => meshes[0]!.gossip.subscribe(TOPIC, () => ACCEPT), { code: 'unknown-topic' })
  })
})
