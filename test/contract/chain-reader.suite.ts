/** Acceptance suite of the `ChainReader` and `AttestationSink` ports: real contracts on anvil and the simulation's twin. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { AttestationHeader } from '../../src/core/eip712.ts'
import { acceptUntilSeconds, epochStartMs, factsCutoffSeconds } from '../../src/core/epoch-clock.ts'
import { type Epoch, type Hash32, isHash32, ZERO_HASH } from '../../src/core/ids.ts'
import { keccak256Hex } from '../../src/core/keccak.ts'
import type { AttestationSink, ChainReader, SignedBy } from '../../src/core/ports/chain.ts'
import { quorumOf } from '../../src/core/quorum.ts'

export interface ChainReaderFixture {
  /** Set 1 of at least four nodes begins with epoch 0, whose facts are not fixed yet. */
  reader: ChainReader
  sink: AttestationSink
  confirmations: number
  /** Mines blocks, about one a second, until one has at least this timestamp, and lets the reader see it. */
  advanceTo(timestamp: number): Promise<void>
  /** Mines so many further blocks, and lets the reader see them. */
  advanceBlocks(count: number): Promise<void>
  /** Signatures of the first `count` nodes of the set. */
  sign(header: AttestationHeader, count: number): Promise<SignedBy[]>
  close(): Promise<void>
}

const rootOf = (i: number): Hash32 => keccak256Hex(Uint8Array.of(0xab, i))
const never = new AbortController().signal

export function suite(name: string, factory: () => Promise<ChainReaderFixture>): void {
  describe(`chain reader: ${name}`, () => {
    let f: ChainReaderFixture | undefined
    const open = async () => {
      f = await factory()
      return f
    }
    afterEach(async () => {
      await f?.close()
      f = undefined
    })

    const startOf = ({ reader }: ChainReaderFixture, epoch: Epoch) => epochStartMs(reader.clock, epoch) / 1000
    const headerFor = async ({ reader }: ChainReaderFixture, epoch: Epoch, parentRoot: Hash32) => {
      const facts = await reader.factsAt(epoch, never)
      return {
        epoch,
        setId: facts.set.setId,
        attempt: 0,
        parentRoot,
        root: rootOf(epoch),
        unitCount: facts.units.length,
        inputsHash: rootOf(200 + epoch),
        paramsHash: facts.paramsHash,
        evaluatorVersion: facts.evaluatorVersion,
      }
    }
    /** Attests an epoch from inside of it. */
    const attest = async (fixture: ChainReaderFixture, epoch: Epoch, parentRoot: Hash32) => {
      await fixture.advanceTo(startOf(fixture, epoch) + 6)
      const header = await headerFor(fixture, epoch, parentRoot)
      const facts = await fixture.reader.factsAt(epoch, never)
      const signatures = await fixture.sign(header, quorumOf(facts.set.seats.length))
      const outcome = await fixture.sink.submit(header, signatures, never)
      return { header, signatures, outcome }
    }

    it('default', async () => {
      const fixture = await open()
      const { reader } = fixture
      await fixture.advanceTo(startOf(fixture, 1))
      const facts = await reader.factsAt(1, never)
      assert.equal(facts.epoch, 1)
      assert.equal(facts.set.setId, 1)
      assert.ok(facts.set.firstEpoch <= 1)
      assert.ok(facts.set.seats.length >= 4)
      facts.set.seats.forEach(({ index, node, operator }, i) => {
        assert.equal(index, i)
        assert.notEqual(node, operator)
      })
      assert.ok(isHash32(facts.seed) && isHash32(facts.paramsHash) && isHash32(facts.block.hash))
      const ids = facts.units.map(({ id }) => id)
      assert.deepEqual(ids, [...ids].sort())
    })

    it('behavior: B_e is the last block at or before the cut-off, and the same whenever it is asked for', async () => {
      const fixture = await open()
      const { reader } = fixture
      await fixture.advanceTo(startOf(fixture, 2))
      const first = await reader.factsAt(2, never)
      const cutoff = factsCutoffSeconds(reader.clock, 2)
      assert.ok(first.block.timestamp <= cutoff && first.block.timestamp > cutoff - 3)
      await fixture.advanceTo(startOf(fixture, 3))
      assert.deepEqual(await reader.factsAt(2, never), first)
      const next = await reader.factsAt(3, never)
      assert.ok(next.block.number > first.block.number)
      assert.notEqual(next.seed, first.seed)
    })

    it('behavior: facts of a later epoch are waited for', async () => {
      const fixture = await open()
      await fixture.advanceTo(startOf(fixture, 1))
      const waiting = fixture.reader.factsAt(3, never)
      let known = false
      void waiting.then(() => {
        known = true
      })
      await fixture.advanceTo(startOf(fixture, 2))
      await fixture.reader.factsAt(2, never)
      assert.equal(known, false)
      await fixture.advanceTo(startOf(fixture, 3))
      assert.equal((await waiting).epoch, 3)
    })

    it('error: waiting ends with the signal and its reason', async () => {
      const { reader } = await open()
      const abort = new AbortController()
      const waiting = reader.factsAt(50, abort.signal)
      abort.abort(new Error('enough'))
      await assert.rejects(waiting, /enough/)
    })

    it('behavior: an attestation is accepted, then final', async () => {
      const fixture = await open()
      const { reader, confirmations } = fixture
      const { header, outcome } = await attest(fixture, 1, ZERO_HASH)
      assert.equal(outcome.kind, 'accepted')
      assert.ok(outcome.gasUsed > 21_000n)
      await fixture.advanceBlocks(0)
      const status = await reader.epochStatus(1, never)
      assert.ok(status.kind === 'accepted' || status.kind === 'final')
      assert.deepEqual(status.attestation.header, header)
      assert.equal(status.attestation.prevEpoch, undefined)
      await fixture.advanceBlocks(confirmations)
      assert.equal((await reader.epochStatus(1, never)).kind, 'final')
      const latest = await reader.latestAttestation(never)
      assert.deepEqual(latest?.header, header)
      assert.deepEqual((await reader.finalBefore(2, never))?.header, header)
      assert.equal(await reader.finalBefore(1, never), undefined)
    })

    it('behavior: each attestation names the one before, over a gap', async () => {
      const fixture = await open()
      const { reader, confirmations } = fixture
      const first = await attest(fixture, 1, ZERO_HASH)
      const second = await attest(fixture, 3, first.header.root)
      assert.equal(second.outcome.kind, 'accepted')
      await fixture.advanceBlocks(confirmations)
      const latest = await reader.latestAttestation(never)
      assert.equal(latest?.prevEpoch, 1)
      assert.equal(latest?.header.parentRoot, first.header.root)
      assert.equal(latest?.era, 0)
      assert.equal((await reader.finalBefore(3, never))?.header.epoch, 1)
      assert.equal((await reader.finalBefore(4, never))?.header.epoch, 3)
    })

    it('behavior: an epoch is skipped only once a later block than the last admissible one is deep', async () => {
      const fixture = await open()
      const { reader, confirmations } = fixture
      const until = acceptUntilSeconds(reader.clock, 1)
      await fixture.advanceTo(until)
      assert.equal((await reader.epochStatus(1, never)).kind, 'open')
      await fixture.advanceTo(until + 1)
      if (confirmations > 1) assert.equal((await reader.epochStatus(1, never)).kind, 'open')
      await fixture.advanceBlocks(confirmations)
      assert.equal((await reader.epochStatus(1, never)).kind, 'skipped')
      assert.equal((await reader.epochStatus(2, never)).kind, 'open')
    })

    it('behavior: nothing is attested at first', async () => {
      const fixture = await open()
      await fixture.advanceTo(startOf(fixture, 1))
      assert.equal(await fixture.reader.latestAttestation(never), undefined)
      assert.equal(await fixture.reader.finalBefore(5, never), undefined)
      assert.equal((await fixture.reader.epochStatus(1, never)).kind, 'open')
    })

    it('behavior: who comes second is superseded, also with another root', async () => {
      const fixture = await open()
      const { header, signatures } = await attest(fixture, 1, ZERO_HASH)
      await fixture.advanceBlocks(1)
      const again = await fixture.sink.submit(header, signatures, never)
      assert.ok(again.kind === 'superseded' || again.kind === 'accepted')
      const other = { ...header, attempt: 1, root: rootOf(99) }
      const late = await fixture.sink.submit(other, await fixture.sign(other, signatures.length), never)
      assert.equal(late.kind, 'superseded')
      assert.equal((await fixture.reader.latestAttestation(never))?.header.root, header.root)
    })
  })
}
