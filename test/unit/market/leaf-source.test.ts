/** Leaves from wherever they are: own state, own archive, peers; and closing leaves that outlast the state they came from. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Address, UnitId } from '../../../src/core/ids.ts'
import type { LeafSource, UnitLeafProof } from '../../../src/core/ports/market.ts'
import type { RequestHandler, Requests } from '../../../src/core/ports/requests.ts'
import { activateReservation } from '../../../src/market/activation.ts'
import { createLeafArchive, requestClosingLeaf } from '../../../src/market/leaf-archive.ts'
import { createLeafSource } from '../../../src/market/leaf-source.ts'
import { settle } from '../../support/market/manual-clock.ts'
import { address, leafOf, MarketTwin, termsOf } from '../../support/market/market-twin.ts'
import { MemoryStore } from '../../support/market/memory-store.ts'

const never = new AbortController().signal
const DOMAIN = { chainId: 1, orchestrator: address(0xaa) }
const PEERS = [address(1), address(2), address(3)]

/** Nodes that reach one another by name. */
function wires() {
  const handlers = new Map<string, RequestHandler>()
  const of = (self: Address): Requests => ({
    async request(peer, protocol, body, { signal }) {
      const handler = handlers.get(`${peer}${protocol}`)
      if (!handler) throw new Error('unreachable')
      return handler(body, self, signal ?? never)
    },
    handle(protocol, handler) {
      handlers.set(`${self}${protocol}`, handler)
      return () => handlers.delete(`${self}${protocol}`)
    },
    peers: () => PEERS,
  })
  return { of, handlers }
}

function attested() {
  const market = new MarketTwin()
  const unitId = market.addUnit(termsOf(address(0x50)))
  market.finalize(5, [leafOf(unitId, 5)])
  const proof = () => market.leaves.unitProof(unitId, undefined, never) as Promise<UnitLeafProof>
  return { market, unitId, proof }
}

describe('createLeafSource', () => {
  it('default: the own state first, nobody is asked', async () => {
    const { market, unitId, proof } = attested()
    const own = await proof()
    const source = createLeafSource(
      {},
      { market, local: () => own, ask: () => assert.fail('asked'), peers: () => PEERS },
    )
    assert.equal(await source.unitProof(unitId, 5, never), own)
  })

  it('behavior: peers that are silent, late or lie are passed over', async () => {
    const { market, unitId, proof } = attested()
    const honest = await proof()
    const answers: (() => Promise<UnitLeafProof | undefined>)[] = [
      async () => {
        throw new Error('unreachable')
      },
      async () => ({ ...honest, leaf: { ...honest.leaf, scoreBps: 10_000 } }),
      async () => honest,
    ]
    const asked: Address[] = []
    const source = createLeafSource(
      {},
      {
        market,
        peers: () => PEERS,
        ask: (peer) => {
          asked.push(peer)
          return answers[PEERS.indexOf(peer)]!()
        },
      },
    )
    assert.equal(await source.unitProof(unitId, undefined, never), honest)
    assert.deepEqual(asked, PEERS)
    const hasty = createLeafSource(
      { maxPeers: 2 },
      { market, peers: () => PEERS, ask: (peer) => answers[PEERS.indexOf(peer)]!() },
    )
    assert.equal(await hasty.unitProof(unitId, undefined, never), undefined)
  })

  it('error: an aborted question ends with its reason', async () => {
    const { market, unitId } = attested()
    const abort = new AbortController()
    const ask = async () => {
      abort.abort(new Error('enough'))
      throw new Error('cut off')
    }
    const source = createLeafSource({}, { market, peers: () => PEERS, ask })
    await assert.rejects(source.unitProof(unitId, 5, abort.signal), /enough/)
  })
})

describe('createLeafArchive', () => {
  const newestOf = (market: MarketTwin): LeafSource => ({
    unitProof: async (unit, epoch, signal) =>
      epoch === market.latestAttestation()!.header.epoch ? market.leaves.unitProof(unit, epoch, signal) : undefined,
  })
  async function ending() {
    const { market, unitId } = attested()
    const writer = market.writer(address(0xc0))
    const terms = { unitId, capacityBytes: 1n << 30n, epochs: 2, maxPricePerGibEpoch: 1_000n }
    const { id } = await writer.reserve(terms, 'r', never)
    await activateReservation({ market, writer, leaves: market.leaves }, id, never)
    return { market, unitId }
  }
  const attest = async (market: MarketTwin, unitId: UnitId, epoch: number) => {
    market.finalize(epoch, [leafOf(unitId, epoch)])
    await settle()
  }

  it('default: the closing leaf is kept, and served when the state has moved on', async () => {
    const { market, unitId } = await ending()
    const net = wires()
    const store = new MemoryStore()
    const archive = createLeafArchive({
      market,
      leaves: newestOf(market),
      store,
      requests: net.of(PEERS[0]!),
      domain: DOMAIN,
    })
    archive.start()
    for (const epoch of [6, 8, 9, 10]) await attest(market, unitId, epoch)
    assert.equal(store.size, 1)
    const modules = { requests: net.of(PEERS[1]!), domain: DOMAIN }
    const source = createLeafSource(
      {},
      {
        market,
        peers: () => PEERS,
        ask: async () => assert.fail('the newest leaf is of no use'),
        askArchive: (peer, unit, epoch, signal) =>
          requestClosingLeaf(modules, peer, unit, epoch, { signal, timeoutMs: 1 }),
      },
    )
    // The reservation ends with epoch 7: the first root behind it is that of epoch 8.
    assert.deepEqual(await source.unitProof(unitId, 8, never), await market.leaves.unitProof(unitId, 8, never))
    assert.equal(await archive.get(unitId, 9), undefined)
    await archive.stop()
    assert.equal(net.handlers.size, 0)
    assert.equal(market.watchers, 0)
  })

  it('behavior: a leaf that is not there yet is looked for at the next block', async () => {
    const { market, unitId } = await ending()
    let open = false
    const late: LeafSource = {
      unitProof: async (unit, epoch, signal) => (open ? market.leaves.unitProof(unit, epoch, signal) : undefined),
    }
    const archive = createLeafArchive({
      market,
      leaves: late,
      store: new MemoryStore(),
      requests: wires().of(PEERS[0]!),
      domain: DOMAIN,
    })
    archive.start()
    await attest(market, unitId, 7)
    assert.equal(await archive.get(unitId, 7), undefined)
    open = true
    market.mine()
    await settle()
    assert.equal((await archive.get(unitId, 7))?.leaf.epoch, 7)
    await archive.stop()
  })

  it('behavior: what has left the ring is forgotten', async () => {
    const { market, unitId } = await ending()
    const store = new MemoryStore()
    const archive = createLeafArchive({
      market,
      leaves: newestOf(market),
      store,
      requests: wires().of(PEERS[0]!),
      domain: DOMAIN,
    })
    archive.start()
    await attest(market, unitId, 7)
    await attest(market, unitId, 7 + 4_096)
    assert.ok(await archive.get(unitId, 7))
    await attest(market, unitId, 8 + 4_096)
    assert.equal(await archive.get(unitId, 7), undefined)
    await archive.stop()
  })

  it('error: a malformed question is an error of the asker', async () => {
    const { market } = await ending()
    const net = wires()
    const archive = createLeafArchive({
      market,
      leaves: market.leaves,
      store: new MemoryStore(),
      requests: net.of(PEERS[0]!),
      domain: DOMAIN,
    })
    archive.start()
    const [handler] = [...net.handlers.values()]
    await assert.rejects(handler!(Uint8Array.of(1), PEERS[1]!, never), { name: 'CodecError' })
    await archive.stop()
  })
})
