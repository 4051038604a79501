import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '../../../src/core/ports/clock.ts'
import { type HeldReveal, MAX_HEADERS_PER_AUTHOR, Round } from '../../../src/oracle/round.ts'
import { EPOCH, oracles, revealOf, word } from './fixture.ts'

const set = oracles(4)

/** The k-th contradicting header of an author. */
async function header(index: number, k: number): Promise<HeldReveal> {
  const message = await revealOf(set, index, (m) => ({ ...m, salt: word(`salt ${k}`) }))
  return { message: { message, digest: set.digests.revealHeader(message) }, bytes: new Uint8Array(0), at: 0 }
}

function propose(round: Round, named: HeldReveal): void {
  const inputs = [{ index: 1, hash: named.message.digest }]
  const fields = { setId: 1, epoch: EPOCH, attempt: 0, index: 0, parentRoot: word('p'), inputsHash: word('i'), inputs }
  round.proposals.set(0, { message: { ...fields, signature: new Uint8Array(65) }, bytes: new Uint8Array(0), at: 0 })
}

/** Runs nothing by itself. */
const stillClock: Clock = { now: () => 0, schedule: () => () => {} }

describe('round', () => {
  it('default', async () => {
    const round = new Round(EPOCH)
    const held = await header(1, 0)
    assert.equal(round.addHeader(held), true)
    assert.equal(round.completeReveal(1), undefined)
    round.batches.set(held.message.message.batchHash, { bytes: new Uint8Array(5), at: 3 })
    assert.equal(round.completeReveal(1), held)
    assert.equal(round.authors, 1)
  })

  it('behavior: contradicting headers are bounded, but what a proposal names has room', async () => {
    const round = new Round(EPOCH)
    for (let k = 0; k < MAX_HEADERS_PER_AUTHOR; k++) assert.equal(round.addHeader(await header(1, k)), true)
    const late = await header(1, 99)
    assert.equal(round.addHeader(late), false)
    propose(round, late)
    assert.equal(round.addHeader(late), true)
    assert.equal(round.addHeader(await header(1, 100)), false)
  })

  it('behavior: whoever waits is woken by a change, and forgotten afterwards', async () => {
    const round = new Round(EPOCH)
    let ready = false
    const waiting = round.until(() => ready, stillClock, 10, new AbortController().signal)
    round.changed()
    ready = true
    round.changed()
    assert.equal(await waiting, true)
  })

  it('error: waiting ends with the signal', async () => {
    const round = new Round(EPOCH)
    const stop = new AbortController()
    const waiting = round.until(() => false, stillClock, 10, stop.signal)
    stop.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
    await assert.rejects(
      round.until(() => true, stillClock, 10, stop.signal),
      /enough/,
    )
  })
})
