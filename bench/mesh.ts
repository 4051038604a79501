/**
 * Delivery of adverts over 30 nodes on loopback TCP in one process, with the rules checked (membership, signature),
 * beside bare gossipsub of the same size. Both networks are up at once and take turns message by message, so that a busy
 * machine slows both. `npm run bench -- mesh [--nodes N] [--messages M] [--json]`
 */
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { encodeAdvert, type SignedAdvert, signAdvert } from '../src/core/advert/advert.ts'
import { advertTopic, advertTopics } from '../src/core/advert/topics.ts'
import { validateAdvert } from '../src/core/advert/validate-advert.ts'
import { createSigner, secp256k1Scheme } from '../src/core/crypto/secp256k1.ts'
import { createDigests, unitIdOf } from '../src/core/eip712.ts'
import { type UnitId, ZERO_HASH } from '../src/core/ids.ts'
import type { SignatureScheme, Signer } from '../src/core/ports/signer.ts'
import type { RegisteredUnit } from '../src/core/units.ts'
import type { Mesh } from '../src/p2p/types.ts'
import { DOMAIN, startNetwork, stopAll } from '../test/integration/p2p/mesh-network.ts'
import { type BareNode, startBare } from './bare-gossipsub.ts'

const SET_UP_MS = 400_000
const DELIVERY_MS = 20_000
const WARM_UP = 20

interface Measured {
  latencies: number[]
  delivered: number
}

/** One message to all others: publishes, and resolves with each delivery's latency in ms. */
type Send = (author: number, message: SignedAdvert) => Promise<number[]>

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { nodes: { type: 'string' }, messages: { type: 'string' }, json: { type: 'boolean' } },
  })
  const nodes = Number(values.nodes ?? 30)
  const messages = Number(values.messages ?? 300)
  const signal = AbortSignal.timeout(SET_UP_MS)
  const adverts = await advertsOf(WARM_UP + messages)
  let checks = 0
  const scheme: SignatureScheme = {
    recover(digest, signature) {
      checks++
      return secp256k1Scheme.recover(digest, signature)
    },
  }
  const meshes = await startNetwork(nodes, { topics: advertTopics(DOMAIN) })
  const sendMesh = await prepareMesh(meshes, adverts, scheme, signal)
  const bare = await startBare(nodes, 'bare', signal)
  const sendBare = prepareBare(bare)
  const measured = { mesh: none(), bare: none() }
  for (const [i, { advert }] of adverts.entries()) {
    // Who goes first changes, too: caches are warmer for the second one.
    const order = i % 2 === 0 ? (['mesh', 'bare'] as const) : (['bare', 'mesh'] as const)
    for (const network of order) {
      const latencies = await (network === 'mesh' ? sendMesh : sendBare)(i % nodes, advert)
      if (i < WARM_UP) continue
      measured[network].latencies.push(...latencies)
      measured[network].delivered += latencies.length
    }
  }
  await Promise.all([stopAll(meshes), ...bare.map(({ host }) => host.stop())])
  report(nodes, messages, checks, measured, values.json ?? false)
}

const none = (): Measured => ({ latencies: [], delivered: 0 })

function report(
  nodes: number,
  messages: number,
  checks: number,
  { mesh, bare }: Record<'mesh' | 'bare', Measured>,
  json: boolean,
) {
  const p = (latencies: number[], share: number) => {
    const sorted = latencies.toSorted((a, b) => a - b)
    return (
      Math.round((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN) * 100) / 100
    )
  }
  const result = {
    nodes,
    messages,
    delivered: mesh.delivered,
    expected: messages * (nodes - 1),
    signatureChecks: checks,
    p50Ms: p(mesh.latencies, 0.5),
    p99Ms: p(mesh.latencies, 0.99),
    bareDelivered: bare.delivered,
    bareP50Ms: p(bare.latencies, 0.5),
    bareP99Ms: p(bare.latencies, 0.99),
    ratioP99: Math.round((p(mesh.latencies, 0.99) / p(bare.latencies, 0.99)) * 1_000) / 1_000,
  }
  console.log(json ? JSON.stringify(result) : result)
}

interface Prepared {
  unit: RegisteredUnit
  advert: SignedAdvert
}

async function advertsOf(count: number): Promise<Prepared[]> {
  const digests = createDigests(DOMAIN)
  const signer: Signer = createSigner(randomBytes(32))
  const expiresAt = Math.floor(Date.now() / 1_000) + 3_600
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const unit = unitOf(signer, BigInt(i))
      const body = {
        node: signer.address,
        multiaddrs: ['/ip4/127.0.0.1/tcp/4001'],
        objectList: { seq: 1n, indexRoot: unit.termsHash },
        freeBytes: BigInt(i),
        capabilities: ['direct', 'read-probe'] as const,
        availability: 'serving' as const,
      }
      return { unit, advert: await signAdvert(digests, signer, { unitId: unit.id, seq: 1n, expiresAt, body }) }
    }),
  )
}

function unitOf(signer: Signer, nonce: bigint): RegisteredUnit {
  const id: UnitId = unitIdOf(signer.address, nonce)
  const sla = { availabilityPpm: 999_000, ttfbP95Ms: 200, downP10Kbps: 10_000, upP10Kbps: 5_000 }
  const amounts = { capacityBytes: 1n << 40n, pricePerGibEpoch: 1n, egressBytesPerEpoch: 1n << 30n }
  const provider = signer.address
  const terms = { provider, nonce, kind: 's3' as const, region: 'eu', token: provider, ...amounts, sla }
  return { id, terms, operator: provider, status: 'Active', termsHash: ZERO_HASH }
}

/** All adverts on one topic, as in the bare network, where there is one. */
const SHARD = 0

async function prepareMesh(
  meshes: readonly Mesh[],
  adverts: readonly Prepared[],
  scheme: SignatureScheme,
  signal: AbortSignal,
): Promise<Send> {
  const topic = advertTopic(DOMAIN, SHARD)
  const units = new Map(adverts.map(({ unit }) => [unit.id, unit]))
  const digests = createDigests(DOMAIN)
  const round = rounds(meshes.length - 1)
  for (const mesh of meshes) {
    mesh.gossip.subscribe(topic, ({ data }) => {
      const rules = { nowMs: Date.now(), shard: undefined, unit: (id: UnitId) => units.get(id), known: () => undefined }
      const judged = validateAdvert(data, { ...rules, digests, scheme })
      if (judged.result !== 'accept') return { result: judged.result, code: judged.code }
      round.delivered()
      return { result: 'accept' }
    })
  }
  await Promise.all(meshes.map((mesh) => mesh.waitForSubscribers(topic, meshes.length - 1, signal)))
  return (author, advert) => round.run(() => meshes[author]!.gossip.publish(topic, encodeAdvert(advert)))
}

function prepareBare(nodes: readonly BareNode[]): Send {
  const round = rounds(nodes.length - 1)
  for (const { host } of nodes) host.services.pubsub.addEventListener('message', () => round.delivered())
  return (author, advert) =>
    round.run(async () => {
      // Its message id is the first 20 bytes; a digest in front makes them different.
      await nodes[author]!.host.services.pubsub.publish('bare', Buffer.concat([randomBytes(20), encodeAdvert(advert)]))
    })
}

/** One message under way at a time: latencies of its deliveries. */
function rounds(expected: number) {
  let latencies: number[] = []
  let sentAt = 0
  let complete: () => void = () => {}
  return {
    delivered() {
      latencies.push(performance.now() - sentAt)
      if (latencies.length === expected) complete()
    },
    async run(publish: () => Promise<void>): Promise<number[]> {
      latencies = []
      const all = new Promise<void>((resolve) => {
        complete = resolve
      })
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, DELIVERY_MS)
      })
      sentAt = performance.now()
      await publish()
      await Promise.race([all, late])
      clearTimeout(timer)
      return latencies
    },
  }
}
