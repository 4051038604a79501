/** The command functions on a market in memory: what they take, what they say, what they refuse. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { CommandResult } from '../../../../src/consumer/commands/command.ts'
import { consumerCommands } from '../../../../src/consumer/commands/index.ts'
import { formatBytes, parseBytes, table } from '../../../../src/consumer/commands/values.ts'
import { createConsumer } from '../../../../src/consumer/create-consumer.ts'
import type { ObjectTransfer } from '../../../../src/consumer/object-transfer.ts'
import { ManualClock } from '../../../support/market/manual-clock.ts'
import { address, leafOf, MarketTwin, TOKEN, termsOf } from '../../../support/market/market-twin.ts'
import { MemoryStore } from '../../../support/market/memory-store.ts'

/** Objects in memory: what the commands hand over, byte for byte. */
function memoryTransfer(): ObjectTransfer {
  const objects = new Map<string, Uint8Array>()
  const stored = (key: string, bytes: Uint8Array) => ({ key, bytes: bytes.length, root: new Uint8Array(32).fill(1) })
  return {
    async upload(_id, key, source, options) {
      const parts: Uint8Array[] = []
      for await (const part of source.open({ start: 0, end: source.bytes - 1 })) parts.push(part)
      options?.onProgress?.({ key, transferredBytes: source.bytes, totalBytes: source.bytes })
      objects.set(key, new Uint8Array(Buffer.concat(parts)))
      return stored(key, objects.get(key)!)
    },
    async *download(_id, key) {
      const bytes = objects.get(key)
      if (!bytes) throw new Error('object missing')
      yield bytes.subarray(0, 1)
      if (key.startsWith('broken')) throw new Error('connection lost')
      yield bytes.subarray(1)
    },
    list: async () => [...objects].map(([key, bytes]) => stored(key, bytes)),
    delete: async (_id, key) => void objects.delete(key),
  }
}

function shell() {
  const market = new MarketTwin()
  const unit = market.addUnit(termsOf(address(1)))
  market.finalize(5, [leafOf(unit, 5)])
  const consumer = createConsumer(
    {},
    {
      clock: new ManualClock(0),
      rng: { bytes: (length) => new Uint8Array(length).fill(9) },
      market,
      writer: market.writer(address(0xc0)),
      leaves: market.leaves,
      transfer: memoryTransfer(),
      store: new MemoryStore(),
    },
  )
  const told: string[] = []
  const run = (
    name: string,
    args: string[] = [],
    options: Record<string, string | true> = {},
  ): Promise<CommandResult> =>
    consumerCommands
      .find((command) => command.name === name)!
      .run(consumer, {
        arguments: args,
        options,
        signal: new AbortController().signal,
        progress: (line) => told.push(line),
      })
  return { market, unit, run, told }
}

describe('consumer commands', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightmesh-commands-'))
  })
  after(() => rm(folder, { recursive: true }))

  it('default: units, reserve, reservations, money, settle, withdraw', async () => {
    const { market, unit, run } = shell()
    const units = await run('units', [], { kind: 's3,disk', weights: '1,0,0' })
    assert.equal(units.lines.length, 2)
    assert.ok(units.lines[1]!.startsWith(unit))
    assert.equal((units.json as { id: string }[])[0]!.id, unit)
    const reserved = await run('reserve', [unit.toUpperCase().replace('0X', '0x')], { capacity: '2GiB', epochs: '4' })
    assert.deepEqual(reserved.lines, ['reservation 1: Active, 2 GiB, until epoch 9, 2000 an epoch'])
    market.finalize(7, [leafOf(unit, 7, { paidBpsSum: 65_000n })])
    assert.equal((await run('money', ['1'])).lines[1], 'paid       0 (and 3000 once it is settled)')
    await run('settle', ['1'])
    const [row] = (await run('reservations')).json as { paid: string; held: string; settledTo: number }[]
    assert.equal(row!.paid, '3000')
    assert.equal(row!.held, '4000')
    assert.equal(row!.settledTo, 7)
    assert.deepEqual((await run('withdraw', [TOKEN])).json, { token: TOKEN, to: address(0xc0), amount: '1000' })
  })

  it('behavior: without waiting the reservation is held, and can be activated or given up', async () => {
    const { unit, run, market } = shell()
    const options = { capacity: '1GiB', epochs: '2', noWait: true } as const
    assert.match((await run('reserve', [unit], { ...options, requestId: 'a' })).lines[0]!, /Held/)
    assert.match((await run('activate', ['1'])).lines[0]!, /Active/)
    await run('reserve', [unit], { ...options, requestId: 'b' })
    assert.match((await run('extend', ['1', '8'])).lines[0]!, /until epoch 15/)
    assert.match((await run('release', ['1'])).lines[0]!, /until epoch 7/)
    await run('cancel', ['2'])
    assert.equal(market.reservation(2n)!.status, 'Cancelled')
  })

  it('default: put, ls, get, rm', async () => {
    const { unit, run, told } = shell()
    await run('reserve', [unit], { capacity: '1GiB', epochs: '2' })
    const path = join(folder, 'photo.jpg')
    await writeFile(path, 'some bytes')
    await run('put', ['1', path])
    assert.deepEqual(told.at(-1), 'photo.jpg: 100 % of 10 B')
    assert.deepEqual(
      ((await run('ls', ['1'])).json as { key: string }[]).map(({ key }) => key),
      ['photo.jpg'],
    )
    const copy = join(folder, 'copy.jpg')
    await run('get', ['1', 'photo.jpg', copy])
    assert.equal(await readFile(copy, 'utf8'), 'some bytes')
    await run('rm', ['1', 'photo.jpg'])
    assert.deepEqual((await run('ls', ['1'])).lines, ['no objects'])
  })

  it('error: a download that breaks leaves nothing behind', async () => {
    const { unit, run } = shell()
    await run('reserve', [unit], { capacity: '1GiB', epochs: '2' })
    const path = join(folder, 'broken')
    await writeFile(path, 'some bytes')
    await run('put', ['1', path])
    await rm(path)
    await assert.rejects(run('get', ['1', 'broken', path]), /connection lost/)
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('broken')),
      [],
    )
    await assert.rejects(run('put', ['1', folder]), /not a file/)
  })

  it('error: what can not be read is refused with what would be right', async () => {
    const { unit, run } = shell()
    await assert.rejects(run('units', [], { kind: 'tape' }), /one of s3/)
    await assert.rejects(run('units', [], { weights: '1,2' }), /three whole numbers/)
    await assert.rejects(run('reserve', ['0x12'], { capacity: '1GiB', epochs: '2' }), /32 bytes/)
    await assert.rejects(run('reserve', [unit], { capacity: 'much', epochs: '2' }), /10GiB/)
    await assert.rejects(run('reserve', [unit], { capacity: '1GiB', epochs: '0' }), /from 1 on/)
    await assert.rejects(run('reserve', [unit], { capacity: true, epochs: '1' }), /--capacity: a value/)
    await assert.rejects(run('money', ['x']), /its number/)
    await assert.rejects(run('withdraw', ['token']), /an address/)
  })

  it('behavior: every command has a name of its own and says what it is for', () => {
    assert.equal(new Set(consumerCommands.map(({ name }) => name)).size, consumerCommands.length)
    for (const { description, options } of consumerCommands) {
      assert.ok(description.endsWith('.'))
      for (const { flag } of options) assert.match(flag, /^--[a-z-]+( <[^>]+>)?$/)
    }
  })
})

describe('values', () => {
  it('default: sizes in and out', () => {
    assert.equal(parseBytes('4096', 'x'), 4096n)
    assert.equal(parseBytes('1.5 TB', 'x'), 1_500_000_000_000n)
    assert.equal(parseBytes('0.5KiB', 'x'), 512n)
    assert.equal(formatBytes(1_610_612_736n), '1.5 GiB')
    assert.equal(formatBytes(1n << 40n), '1 TiB')
    assert.equal(formatBytes(1_000n), '1000 B')
  })
  it('default: columns', () => {
    assert.deepEqual(table(['A', 'LONG'], [['xyz', '1']]), ['A    LONG', 'xyz  1'])
  })
})
