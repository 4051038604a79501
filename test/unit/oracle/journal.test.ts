import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OracleError } from '../../../src/oracle/errors.ts'
import { Journal, type JournalSlot } from '../../../src/oracle/journal.ts'
import { PREFIX } from '../../../src/oracle/keys.ts'
import { Random } from '../../sim/twins/random.ts'
import { SimDisk } from '../../sim/twins/store.ts'
import { VirtualTime } from '../../sim/twins/time.ts'

const OWNER = 'network/0xabc'
const SLOT: JournalSlot = { kind: 'attestation', setId: 1, epoch: 20, attempt: 0 }
const entry = (...bytes: number[]) => ({ message: Uint8Array.from(bytes), extra: new Uint8Array(0) })
const disk = () => new SimDisk({ time: new VirtualTime(0), random: new Random('journal'), syncMs: 0 })
const open = (made: SimDisk, ms = 5000, epoch = 20, owner = OWNER) =>
  Journal.open(made.open().store, owner, { ms, epoch })

describe('journal', () => {
  it('default', async () => {
    const made = disk()
    const journal = await open(made)
    assert.equal(journal.health, 'missing')
    await journal.write(SLOT, entry(1, 2))
    made.crash()
    const again = await open(made, 9000)
    assert.equal(again.health, 'intact')
    assert.deepEqual(again.sent(SLOT), Uint8Array.of(1, 2))
    assert.deepEqual(again.attempts(1, 20, 5), [0])
  })

  it('error: a slot is written once, across tasks and restarts', async () => {
    const made = disk()
    const journal = await open(made)
    const first = journal.write(SLOT, entry(1))
    await assert.rejects(journal.write(SLOT, entry(2)), OracleError)
    await first
    await assert.rejects((await open(made)).write(SLOT, entry(1)), OracleError)
    assert.deepEqual((await open(made)).sent(SLOT), Uint8Array.of(1))
  })

  it('behavior: since when it is complete survives restarts, until it is damaged', async () => {
    const made = disk()
    assert.equal((await open(made, 5000)).completeSinceMs, 5000)
    await (await open(made, 6000)).write(SLOT, entry(1))
    assert.equal((await open(made, 7000)).completeSinceMs, 5000)
    made.tamper((entries) => {
      for (const [key, value] of entries)
        if (key.startsWith(PREFIX.journal)) entries.set(key, value.with(10, value[10]! ^ 1))
    })
    const damaged = await open(made, 8000)
    assert.equal(damaged.health, 'damaged')
    assert.equal(damaged.completeSinceMs, 8000)
    assert.equal(damaged.sent(SLOT), undefined)
    assert.equal((await open(made, 9000)).completeSinceMs, 8000)
  })

  it("behavior: somebody else's journal counts as damaged, a distrusted one as missing", async () => {
    const made = disk()
    await open(made, 1000)
    assert.equal((await open(made, 2000, 20, 'network/0xother')).health, 'damaged')
    const journal = await open(made, 3000)
    assert.equal(journal.completeSinceMs, 3000)
    await journal.distrust()
    assert.equal((await open(made, 4000)).health, 'missing')
  })

  it('error: a disk that refuses leaves the slot claimed', async () => {
    const made = disk()
    const journal = await open(made)
    made.readOnly = true
    await assert.rejects(journal.write(SLOT, entry(1)), OracleError)
    made.readOnly = false
    await assert.rejects(journal.write(SLOT, entry(2)), OracleError)
    assert.equal(journal.sent(SLOT), undefined)
  })

  it('behavior: old entries are pruned, recent ones stay', async () => {
    const made = disk()
    const journal = await open(made)
    await journal.write(SLOT, entry(1))
    await journal.write({ ...SLOT, epoch: 5000 }, entry(2))
    await journal.prune(5000)
    const keys = [...made.contents().keys()].filter((key) => key.startsWith(PREFIX.journal))
    assert.equal(keys.length, 1)
    assert.ok(journal.get({ ...SLOT, epoch: 5000 }))
  })
})
