/** Command-line text into values, and values into text. A mistake names the option and what would be right. */
import { type Address, type Hex, isAddress, isHash32, type UnitId } from '../../core/ids.ts'
import { ConsumerError } from '../errors.ts'
import type { CommandRequest } from './command.ts'

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  B: 1n,
  KiB: 1n << 10n,
  MiB: 1n << 20n,
  GiB: 1n << 30n,
  TiB: 1n << 40n,
  KB: 1_000n,
  MB: 1_000_000n,
  GB: 1_000_000_000n,
  TB: 1_000_000_000_000n,
}

export function wrong(what: string, expected: string): ConsumerError {
  return new ConsumerError('invalid-value', `${what}: ${expected}`)
}

/** `4096`, `10GiB`, `1.5 TB`. @throws {ConsumerError} */
export function parseBytes(text: string, what: string): bigint {
  const [, whole, fraction = '', unit = ''] = /^(\d{1,18})(?:\.(\d{1,9}))?\s*([KMGT]i?B|B)?$/.exec(text.trim()) ?? []
  const factor = UNITS[unit]
  if (whole === undefined || factor === undefined) throw wrong(what, 'a size such as 4096, 10GiB or 1.5TB')
  const scale = 10n ** BigInt(fraction.length)
  return (BigInt(whole + fraction) * factor) / scale
}

/** A decimal integer from 1 on. @throws {ConsumerError} */
export function parseCount(text: string, what: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (value < 1) throw wrong(what, 'a whole number from 1 on')
  return value
}

/** Smallest token units. @throws {ConsumerError} */
export function parseAmount(text: string, what: string): bigint {
  if (!/^\d{1,39}$/.test(text)) throw wrong(what, "a whole number of the token's smallest units")
  return BigInt(text)
}

export function parseReservation(text: string | undefined): bigint {
  if (text === undefined || !/^\d{1,20}$/.test(text))
    throw wrong('reservation', 'its number, as `reservations` shows it')
  return BigInt(text)
}

export function parseUnit(text: string | undefined): UnitId {
  const id = (text ?? '').toLowerCase()
  if (!isHash32(id)) throw wrong('unit', 'its id of 32 bytes in hex, as `units` shows it')
  const hex: Hex = id
  return hex
}

export function parseAddress(text: string, what: string): Address {
  const address = text.toLowerCase()
  if (!isAddress(address)) throw wrong(what, 'an address of 20 bytes in hex')
  return address
}

/** The option's text; `undefined` when it was not given. */
export function optionText(request: CommandRequest, name: string): string | undefined {
  const value = request.options[name]
  if (value === true) throw wrong(`--${name}`, 'a value')
  return value
}

export function formatBytes(bytes: bigint): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const factor = UNITS[unit]!
    if (bytes < factor) continue
    const hundredths = (bytes * 100n) / factor
    const fraction = (hundredths % 100n).toString().padStart(2, '0').replace(/0+$/, '')
    return `${hundredths / 100n}${fraction === '' ? '' : `.${fraction}`} ${unit}`
  }
  return `${bytes} B`
}

/** e.g. 99.95 % of 999,500 ppm. */
export function formatPpm(ppm: number): string {
  return `${(ppm / 10_000).toFixed(2)} %`
}

/** Columns as wide as their widest cell, two spaces between them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd()
  return [line(head), ...rows.map(line)]
}
