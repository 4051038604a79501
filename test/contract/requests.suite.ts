/** Acceptance suite of the `Requests` port: the libp2p adapter and the simulation's twin both pass it. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { Address } from '../../src/core/ids.ts'
import type { Requests } from '../../src/core/ports/requests.ts'

export interface RequestsFixture {
  /** Connected with one another, nothing handled. */
  nodes: readonly { address: Address; requests: Requests }[]
  /** Awaits work that needs the network to move; a simulated one moves its clock meanwhile, a real one by itself. */
  drive<T>(work: Promise<T>): Promise<T>
  close(): Promise<void>
}

const PROTOCOL = '/lightmesh/suite/echo/1'
const LIMITS = { maxRequestBytes: 4_096 }
const OPTIONS = { timeoutMs: 5_000, maxResponseBytes: 4_096 }
const bytes = (...values: number[]) => Uint8Array.from(values)
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

export function suite(name: string, factory: (nodes: number) => Promise<RequestsFixture>): void {
  describe(`requests: ${name}`, () => {
    let fixture: RequestsFixture | undefined
    const open = async (nodes = 2) => {
      fixture = await factory(nodes)
      const [asker, answerer] = fixture.nodes
      return { ...fixture, asker: asker!, answerer: answerer! }
    }
    afterEach(async () => {
      await fixture?.close()
      fixture = undefined
    })

    it('default', async () => {
      const { asker, answerer, drive } = await open()
      let from: Address | undefined
      answerer.requests.handle(
        PROTOCOL,
        async (body, address) => {
          from = address
          return Uint8Array.from(body, (byte) => byte + 1)
        },
        LIMITS,
      )
      const answer = await drive(asker.requests.request(answerer.address, PROTOCOL, bytes(1, 2), OPTIONS))
      assert.deepEqual(Uint8Array.from(answer!), bytes(2, 3))
      assert.equal(from, asker.address)
    })

    it('behavior: "I do not have it" is undefined, an empty answer is empty', async () => {
      const { asker, answerer, drive } = await open()
      answerer.requests.handle(PROTOCOL, async (body) => (body.length === 0 ? undefined : bytes()), LIMITS)
      const ask = (body: Uint8Array) => drive(asker.requests.request(answerer.address, PROTOCOL, body, OPTIONS))
      assert.equal(await ask(bytes()), undefined)
      assert.equal((await ask(bytes(1)))?.length, 0)
    })

    it('behavior: concurrent requests each get their own answer', async () => {
      const { asker, answerer, drive } = await open()
      answerer.requests.handle(PROTOCOL, async (body) => body, LIMITS)
      const asked = Array.from({ length: 12 }, (_, i) => bytes(i))
      const answers = await drive(
        Promise.all(asked.map((body) => asker.requests.request(answerer.address, PROTOCOL, body, OPTIONS))),
      )
      assert.deepEqual(
        answers.map((answer) => answer?.[0]),
        asked.map((body) => body[0]),
      )
    })

    it('behavior: bodies of a megabyte go both ways', async () => {
      const { asker, answerer, drive } = await open()
      const size = 1 << 20
      answerer.requests.handle(PROTOCOL, async (body) => body, { maxRequestBytes: size })
      const body = Uint8Array.from({ length: size }, (_, i) => i % 251)
      const options = { timeoutMs: 20_000, maxResponseBytes: size }
      const answer = await drive(asker.requests.request(answerer.address, PROTOCOL, body, options))
      assert.ok(Buffer.from(body).equals(answer!))
    })

    it('behavior: peers are the others', async () => {
      const { nodes } = await open(3)
      const others = nodes.slice(1).map(({ address }) => address)
      assert.deepEqual([...nodes[0]!.requests.peers()].sort(), others.sort())
    })

    it('error: the handler fails', async () => {
      const { asker, answerer, drive } = await open()
      answerer.requests.handle(PROTOCOL, () => Promise.reject(new Error('on purpose')), LIMITS)
      await assert.rejects(drive(asker.requests.request(answerer.address, PROTOCOL, bytes(1), OPTIONS)))
    })

    it('error: an answer longer than asked for', async () => {
      const { asker, answerer, drive } = await open()
      answerer.requests.handle(PROTOCOL, async (body) => new Uint8Array(body[0]!), LIMITS)
      const ask = (length: number) =>
        drive(
          asker.requests.request(answerer.address, PROTOCOL, bytes(length), {
            timeoutMs: 5_000,
            maxResponseBytes: 100,
          }),
        )
      await assert.rejects(ask(101))
      assert.equal((await ask(100))?.length, 100)
    })

    it('error: a request longer than handled, and the next one is answered', async () => {
      const { asker, answerer, drive } = await open()
      let called = 0
      answerer.requests.handle(
        PROTOCOL,
        async (body) => {
          called++
          return body
        },
        LIMITS,
      )
      const ask = (length: number) =>
        drive(asker.requests.request(answerer.address, PROTOCOL, new Uint8Array(length), OPTIONS))
      await assert.rejects(ask(LIMITS.maxRequestBytes + 1))
      assert.equal(called, 0)
      assert.equal((await ask(LIMITS.maxRequestBytes))?.length, LIMITS.maxRequestBytes)
    })

    it('error: no answer in time ends both sides', async () => {
      const { asker, answerer, drive } = await open()
      const ended = Promise.withResolvers<void>()
      answerer.requests.handle(
        PROTOCOL,
        async (_body, _from, signal) => {
          await aborted(signal)
          ended.resolve()
          return undefined
        },
        LIMITS,
      )
      const options = { timeoutMs: 300, maxResponseBytes: 10 }
      await assert.rejects(drive(asker.requests.request(answerer.address, PROTOCOL, bytes(1), options)))
      await drive(ended.promise)
    })

    it('error: the asker gives up', async () => {
      const { asker, answerer, drive } = await open()
      const reached = Promise.withResolvers<void>()
      const ended = Promise.withResolvers<void>()
      answerer.requests.handle(
        PROTOCOL,
        async (_body, _from, signal) => {
          reached.resolve()
          await aborted(signal)
          ended.resolve()
          return undefined
        },
        LIMITS,
      )
      const giveUp = new AbortController()
      const asked = asker.requests.request(answerer.address, PROTOCOL, bytes(1), { ...OPTIONS, signal: giveUp.signal })
      const refused = assert.rejects(asked)
      await drive(reached.promise)
      giveUp.abort()
      await drive(refused)
      await drive(ended.promise)
    })

    it('error: a signal that is aborted already', async () => {
      const { asker, answerer, drive } = await open()
      let called = 0
      answerer.requests.handle(
        PROTOCOL,
        async (body) => {
          called++
          return body
        },
        LIMITS,
      )
      const options = { ...OPTIONS, signal: AbortSignal.abort() }
      await assert.rejects(drive(asker.requests.request(answerer.address, PROTOCOL, bytes(1), options)))
      assert.equal(called, 0)
    })

    it('error: a protocol that nobody handles, or not any more', async () => {
      const { asker, answerer, drive } = await open()
      const ask = () => drive(asker.requests.request(answerer.address, PROTOCOL, bytes(1), OPTIONS))
      await assert.rejects(ask())
      const stop = answerer.requests.handle(PROTOCOL, async (body) => body, LIMITS)
      assert.equal((await ask())?.length, 1)
      stop()
      await assert.rejects(ask())
    })

    it('error: a node that does not exist', async () => {
      const { asker, drive } = await open()
      const nobody: Address = '0x00000000000000000000000000000000000000aa'
      await assert.rejects(drive(asker.requests.request(nobody, PROTOCOL, bytes(1), OPTIONS)))
    })
  })
}
