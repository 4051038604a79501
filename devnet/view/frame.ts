/** The live view as a picture: a model and a size in, rows out. Pure; made for 80 × 24 and better with more. */
import { formatUnits } from 'viem'
import type { ViewAttestation, ViewModel, ViewNode, ViewReservation, ViewUnit } from './model.ts'
import { fit, justify, type Row, type Style, span } from './text.ts'

export interface FrameSize {
  columns: number
  rows: number
}

/** Smaller than this nothing useful can be shown. */
export const MIN_SIZE: FrameSize = { columns: 60, rows: 16 }
const NODE_CELL = 15
const PROGRESS_CELLS = 16
const SPARK = '▁▂▃▄▅▆▇█'
/** Rows of a list when the screen is as high as the smallest one the view is made for. */
const LIST_ROWS = 3

export function drawFrame(model: ViewModel, size: FrameSize): Row[] {
  const { columns, rows } = size
  if (columns < MIN_SIZE.columns || rows < MIN_SIZE.rows) {
    const text = `the window is ${columns} × ${rows}; the view needs ${MIN_SIZE.columns} × ${MIN_SIZE.rows}`
    return Array.from({ length: rows }, (_, i) => fit(i === 0 ? [span(text)] : [], columns))
  }
  const spare = Math.max(0, rows - 24)
  const list = LIST_ROWS + Math.floor(spare / 6)
  const top: Row[] = [
    headline(model, columns),
    standing(model, columns),
    ...nodeRows(model.nodes, columns),
    heading('units', 'state      score  last epochs  available  ttfb p95   met / missed', columns),
    ...model.units.slice(0, Math.max(list, LIST_ROWS)).map(unitRow),
    heading('attestations', 'signed by           gas      after the proposal', columns),
    ...model.attestations.slice(0, list).map(attestationRow),
    heading('reservations', 'deposited        paid to provider    refunded', columns),
    ...model.reservations.slice(0, list).map(reservationRow),
    heading('events', '', columns),
  ]
  const left = Math.max(1, rows - top.length - 1)
  const events = model.events.slice(-left).map(({ atMs, text }): Row => [span(`${clock(atMs)} `, 'dim'), span(text)])
  const blank = Array.from({ length: left - events.length }, (): Row => [])
  const footer: Row = [span('q', 'bold'), span(' ends the devnet and leaves nothing behind', 'dim')]
  return [...top, ...events, ...blank, footer].slice(-rows).map((row) => fit(row, columns))
}

function headline({ title, epoch, elapsedMs }: ViewModel, columns: number): Row {
  const left: Row = [span(' LIGHTMESH ', 'bold'), span(title, 'dim')]
  const right: Row = epoch
    ? [
        span(`epoch ${epoch.number} `, 'bold'),
        span(bar(epoch.milli), 'cyan'),
        span(` ${epoch.phase.padEnd(8)}`),
        span(` ${clock(elapsedMs)}`, 'dim'),
      ]
    : [span('starting ', 'yellow'), span(clock(elapsedMs), 'dim')]
  return justify(left, right, columns)
}

function standing({ quorum, nodes, attested, skipped, epoch }: ViewModel, columns: number): Row {
  const up = nodes.filter(({ running }) => running).length
  const left: Row = [
    span(' nodes ', 'dim'),
    span(`${up}/${nodes.length} up`, up === nodes.length ? 'green' : 'red'),
    span(`   quorum ${quorum === 0 ? '–' : quorum}`, 'dim'),
    span('   attested ', 'dim'),
    span(`${attested}`, 'green'),
    span('   skipped ', 'dim'),
    span(`${skipped}`, skipped === 0 ? 'plain' : 'yellow'),
  ]
  const right: Row = epoch ? [span(`next epoch in ${(epoch.leftMs / 1_000).toFixed(0)} s`, 'dim')] : []
  return justify(left, right, columns)
}

function bar(milli: number): string {
  const filled = Math.round((Math.max(0, Math.min(1_000, milli)) / 1_000) * PROGRESS_CELLS)
  return '█'.repeat(filled) + '░'.repeat(PROGRESS_CELLS - filled)
}

function nodeRows(nodes: readonly ViewNode[], columns: number): Row[] {
  const perRow = Math.max(1, Math.floor((columns - 1) / NODE_CELL))
  const rows: Row[] = []
  for (let at = 0; at < nodes.length; at += perRow) {
    rows.push([span(' '), ...nodes.slice(at, at + perRow).flatMap(nodeCell)])
  }
  return rows
}

function nodeCell({ index, running, provides, alarm }: ViewNode): Row {
  const style: Style = !running ? 'red' : alarm ? 'yellow' : 'green'
  const sign = !running ? '✗' : alarm ? '!' : '●'
  const text = `${index} ${!running ? 'down' : (alarm ?? provides ?? 'oracle')}`
  const width = NODE_CELL - 3
  return [
    span(`${sign} `, style),
    span(`${text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width)} `),
  ]
}

function heading(name: string, columnsText: string, columns: number): Row {
  const text = ` ${name.padEnd(13)}${columnsText}`
  return [span(` ${name.padEnd(13)}`, 'bold'), span(columnsText.padEnd(Math.max(0, columns - text.length)), 'dim')]
}

const STATE_STYLE: Record<ViewUnit['state'], Style> = {
  Pending: 'dim',
  Vetting: 'cyan',
  Active: 'green',
  Warned: 'yellow',
  Suspended: 'red',
  Probation: 'yellow',
  Removed: 'red',
}

function unitRow(unit: ViewUnit): Row {
  const available = unit.availabilityPpm === 0 ? '–' : `${(unit.availabilityPpm / 10_000).toFixed(2)} %`
  const ttfb = unit.ttfbP95Ms === 0 ? '–' : `${unit.ttfbP95Ms} ms`
  return [
    span(` ${unit.kind.padEnd(13)}`),
    span(unit.state.padEnd(11), STATE_STYLE[unit.state]),
    span((unit.scoreBps / 100).toFixed(2).padStart(5)),
    span('  '),
    ...spark(unit.paidBps.slice(-11)),
    span('  '),
    span(available.padStart(9)),
    span(ttfb.padStart(10)),
    span(`${unit.metEpochs}`.padStart(6), 'green'),
    span(' / '),
    span(`${unit.missedEpochs}`, unit.missedEpochs === 0 ? 'plain' : 'red'),
  ]
}

/** One column an epoch: full height is fully paid; a dot stands for an epoch without a root. */
function spark(paidBps: readonly (number | undefined)[]): Row {
  const cells = paidBps.map((bps) => {
    if (bps === undefined) return span('·', 'dim')
    const style: Style = bps >= 10_000 ? 'green' : bps === 0 ? 'red' : 'yellow'
    return span(SPARK[Math.min(7, Math.floor((bps * 8) / 10_001))]!, style)
  })
  return [...cells, span(' '.repeat(11 - cells.length))]
}

function attestationRow({ epoch, signed, gasUsed, msAfterProposal }: ViewAttestation): Row {
  return [
    span(` epoch ${`${epoch}`.padEnd(7)}`),
    ...signed.map((is) => (is ? span('■', 'green') : span('□', 'dim'))),
    span(' '.repeat(Math.max(1, 20 - signed.length))),
    span(`${gasUsed}`.padEnd(9)),
    span(`${(msAfterProposal / 1_000).toFixed(1)} s`),
  ]
}

function reservationRow({ id, kind, deposited, paid, refunded }: ViewReservation): Row {
  return [
    span(` ${`${id} ${kind}`.padEnd(13)}`),
    span(amount(deposited).padEnd(17)),
    span(amount(paid).padEnd(20), paid > 0n ? 'green' : 'plain'),
    span(amount(refunded), refunded > 0n ? 'yellow' : 'plain'),
  ]
}

/** Six decimals of an 18-decimal token: enough to see it move. */
function amount(value: bigint): string {
  const [whole, fraction = ''] = formatUnits(value, 18).split('.')
  return `${whole}.${fraction.slice(0, 6).padEnd(6, '0')}`
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  return `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')}`
}
