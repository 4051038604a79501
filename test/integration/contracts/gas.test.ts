/** What an epoch and a settlement cost on a real anvil: within the limits, and as it was when last looked at. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { before, describe, it } from 'node:test'
import { flat, GAS_SNAPSHOT, type GasReport, measureGas } from '../../../bench/gas.ts'

/** A zero byte of calldata costs 4 gas, another 16: signatures and hashes differ from run to run by some of them. */
const CALLDATA_NOISE = 400

describe('gas', () => {
  let measured: GasReport
  before(async () => {
    measured = await measureGas(new AbortController().signal)
  })

  it('behavior: an attestation of 9 of 13 costs at most 88,000, whatever the number of units', () => {
    assert.ok(measured.reportGas['9-of-13']! <= 88_000, JSON.stringify(measured))
    assert.ok(Math.abs(measured.reportGasByUnits['100000']! - measured.reportGasByUnits['10']!) < CALLDATA_NOISE)
  })

  it('behavior: a further signature costs at most 4,420', () => {
    assert.ok(measured.perSignature <= 4_420, JSON.stringify(measured))
  })

  it('behavior: a settlement costs at most 90,000, a further reservation in it 30,000', () => {
    assert.ok(measured.settleFirst <= 90_000, JSON.stringify(measured))
    assert.ok(measured.settleNext <= 30_000, JSON.stringify(measured))
  })

  it('behavior: nothing has changed since the snapshot (npm run bench -- gas --write takes a new one)', async () => {
    const snapshot = flat(JSON.parse(await readFile(GAS_SNAPSHOT, 'utf8')) as GasReport)
    for (const [name, gas] of Object.entries(flat(measured))) {
      assert.ok(Math.abs(gas - snapshot[name]!) <= CALLDATA_NOISE, `${name}: ${gas}, snapshot ${snapshot[name]}`)
    }
  })
})
