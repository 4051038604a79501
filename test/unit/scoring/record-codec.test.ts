import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScoringError } from '../../../src/scoring/errors.ts'
import {
  decodeRow,
  encodeRecord,
  encodeRow,
  MAX_RECORD_BYTES,
  PUBLIC_BYTES,
  recordHash,
  reportersDigest,
} from '../../../src/scoring/record-codec.ts'
import { createUnitTable, tableBytes } from '../../../src/scoring/unit-table.ts'
import { report, run, testUnits } from './fixture.ts'

const { table } = run(
  12,
  () => Array.from({ length: 9 }, (_, i) => report(i, [{ ttfbMs: 40 + i * 30, kbps: 9_000 }, { task: 'integrity' }])),
  { units: testUnits(3) },
)
const digest = reportersDigest(table.reporters)
const bytes = encodeRow(table, 0, digest)

describe('record codec', () => {
  it('default: a record of fifteen reporters stays within four blocks of the hash', () => {
    assert.ok(bytes.length - PUBLIC_BYTES < 4 * 136 - 1, `${bytes.length - PUBLIC_BYTES} bytes`)
  })

  it('behavior: every count at its largest fits into MAX_RECORD_BYTES', () => {
    const full = createUnitTable(1, 64, table.reporters)
    full.counters.fill(65_535)
    full.ttfb.fill(65_535)
    full.small.fill(255)
    const out = new Uint8Array(MAX_RECORD_BYTES)
    assert.equal(encodeRecord(full, 0, digest, out, 0), MAX_RECORD_BYTES)
    assert.equal(recordHash(full, 0, digest).length, 32)
  })

  it('behavior: 100,000 units × 60 reporters fit into 1 GiB', () => {
    const perUnit = tableBytes(createUnitTable(1_000, 64)) / 1_000
    assert.ok(perUnit * 100_000 < 2 ** 30)
  })

  it('error: anything that encodeRow would not have written', () => {
    const decode = (altered: Uint8Array) => () =>
      decodeRow(createUnitTable(1, table.slots, table.reporters), 0, digest, altered)
    const broken: [string, Uint8Array][] = [
      ['short', bytes.subarray(0, bytes.length - 1)],
      ['long', Uint8Array.from([...bytes, 0])],
      ['version', bytes.with(PUBLIC_BYTES, 9)],
      ['other reporters', bytes.with(PUBLIC_BYTES + 1, bytes[PUBLIC_BYTES + 1]! ^ 1)],
    ]
    for (const [name, altered] of broken) assert.throws(decode(altered), { code: 'bad-record' }, name)
  })

  it('behavior: whatever decodes is what encodeRow writes: no second form of a record', () => {
    let refused = 0
    const check = (altered: Uint8Array) => {
      const target = createUnitTable(1, table.slots, table.reporters)
      try {
        decodeRow(target, 0, digest, altered)
      } catch (error) {
        assert.ok(error instanceof ScoringError && error.code === 'bad-record')
        refused++
        return
      }
      assert.deepEqual(encodeRow(target, 0, digest), altered)
    }
    bytes.forEach((byte, i) => {
      check(bytes.with(i, byte ^ 1))
      check(bytes.with(i, 0))
      // The same count with a superfluous byte.
      check(Uint8Array.from([...bytes.subarray(0, i), byte | 128, 0, ...bytes.subarray(i + 1)]))
    })
    assert.ok(refused > bytes.length)
  })
})
