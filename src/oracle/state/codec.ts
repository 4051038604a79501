/**
 * A whole state as bytes: what a node keeps on disk and gives to one that joins. Nothing in it is believed: the receiver
 * builds the tree and compares the root with the chain's.
 */

import { decode } from 'cborg'
import { encodeCanonical, read } from '../../core/canonical-cbor.ts'
import { type Address, bytesToHex, hexToBytes } from '../../core/ids.ts'
import { decodeRow, encodeRow, reportersDigest } from '../../scoring/record-codec.ts'
import { createReporterTable, MAX_REPORTERS } from '../../scoring/reporter-table.ts'
import { createUnitTable } from '../../scoring/unit-table.ts'
import { OracleError } from '../errors.ts'
import { OracleState } from './state.ts'

/** 100,000 units with 64 reporters each stay below; a longer answer is not a state. */
export const MAX_STATE_BYTES = 512 * 1024 * 1024
/** Registered oracles over all time that may hold points. */
const MAX_POINT_ENTRIES = 65_536
const MAX_UNITS = 1_000_000

export function encodeState(state: OracleState): Uint8Array {
  const { table } = state
  const digest = reportersDigest(table.reporters)
  const rows: Uint8Array[] = []
  let bytes = 0
  for (let row = 0; row < table.count; row++) {
    const encoded = encodeRow(table, row, digest)
    rows.push(encoded)
    bytes += encoded.length
  }
  const lengths = new Uint8Array(table.count * 4)
  const view = new DataView(lengths.buffer)
  const joined = new Uint8Array(bytes)
  let at = 0
  rows.forEach((row, i) => {
    view.setUint32(4 * i, row.length)
    joined.set(row, at)
    at += row.length
  })
  return encodeCanonical([
    1,
    state.epoch,
    state.era,
    table.slots,
    table.reporters.addresses.map((a, slot) => [hexToBytes(a), table.reporters.lastEpoch[slot]! + 1]),
    table.ids.slice(0, table.count * 32),
    lengths,
    joined,
    [...state.points].map(([node, points]) => [hexToBytes(node), points]),
  ])
}

/** @throws {OracleError} `bad-state` for anything that `encodeState` would not have written. */
export function decodeState(bytes: Uint8Array): OracleState {
  try {
    return decodeFields(bytes)
  } catch (cause) {
    throw new OracleError('bad-state', 'not a state', { cause })
  }
}

function decodeFields(bytes: Uint8Array): OracleState {
  if (bytes.length > MAX_STATE_BYTES) throw new RangeError('too long')
  // Canonical form is not asked for: the root decides, and encoding half a gigabyte again would only cost memory.
  const f = read.tuple(decode(bytes), 9)
  read.uint(f[0], 1)
  const epoch = read.uint(f[1])
  const ids = read.bytesUpTo(f[5], MAX_UNITS * 32)
  const count = ids.length / 32
  const lengths = read.bytes(f[6], count * 4)
  const rows = read.bytesUpTo(f[7], MAX_STATE_BYTES)
  const reporters = createReporterTable()
  for (const entry of read.list(f[4], MAX_REPORTERS)) {
    const [address, last] = read.tuple(entry, 2)
    reporters.lastEpoch[reporters.addresses.length] = read.uint(last) - 1
    reporters.addresses.push(bytesToHex(read.bytes(address, 20)))
  }
  const table = createUnitTable(count, read.uint(f[3], MAX_REPORTERS), reporters)
  table.epoch = epoch
  table.ids.set(ids)
  const digest = reportersDigest(reporters)
  const view = new DataView(lengths.buffer, lengths.byteOffset, lengths.byteLength)
  let at = 0
  for (let row = 0; row < count; row++) {
    const end = at + view.getUint32(4 * row)
    decodeRow(table, row, digest, rows.subarray(at, end))
    at = end
  }
  const points = new Map<Address, bigint>()
  for (const entry of read.list(f[8], MAX_POINT_ENTRIES)) {
    const [node, value] = read.tuple(entry, 2)
    points.set(bytesToHex(read.bytes(node, 20)), read.uint64(value))
  }
  return new OracleState({ epoch, era: read.uint(f[2], 2 ** 32 - 1), table, points })
}
