/** Finding units, reserving, and money. */
import { UNIT_KINDS, type UnitKind } from '../../core/units.ts'
import type { RankedUnit, ReservationMoney, ReservationView, UnitQuery } from '../api.ts'
import type { CommandRequest, CommandResult, ConsumerCommand, JsonValue } from './command.ts'
import {
  formatBytes,
  formatPpm,
  optionText,
  parseAddress,
  parseAmount,
  parseBytes,
  parseCount,
  parseReservation,
  parseUnit,
  table,
  wrong,
} from './values.ts'

export const marketCommands: readonly ConsumerCommand[] = [
  {
    name: 'units',
    description: 'Lists data units, best first by your own weighting; every figure is proven to the root on chain.',
    arguments: [],
    options: [
      { flag: '--kind <kinds>', description: `comma-separated: ${UNIT_KINDS.join(', ')}` },
      { flag: '--region <regions>', description: 'comma-separated' },
      { flag: '--capacity <size>', description: 'bytes that have to be free, e.g. 10GiB' },
      { flag: '--max-price <amount>', description: 'per GiB and epoch, in smallest token units' },
      { flag: '--min-score <bps>', description: 'attested score from 1 to 10000' },
      { flag: '--weights <r,p,c>', description: 'reliability, performance, cost; default 50,25,25' },
      { flag: '--limit <n>', description: 'at the most; default 50' },
      { flag: '--all', description: 'also units that take no reservation now' },
    ],
    async run(consumer, request) {
      return unitsResult(await consumer.units(queryOf(request), request.signal))
    },
  },
  {
    name: 'reserve',
    description: 'Reserves capacity of a unit, pays the deposit and waits until it runs.',
    arguments: ['<unit>'],
    options: [
      { flag: '--capacity <size>', description: 'e.g. 10GiB', required: true },
      { flag: '--epochs <n>', description: 'epochs to pay for', required: true },
      { flag: '--max-price <amount>', description: 'highest price per GiB and epoch; default: the price now' },
      { flag: '--request-id <name>', description: 'the same name again gives the same reservation' },
      { flag: '--no-wait', description: 'do not wait until it runs' },
    ],
    async run(consumer, request) {
      const price = optionText(request, 'maxPrice')
      const requestId = optionText(request, 'requestId')
      const held = await consumer.reserve(
        {
          unitId: parseUnit(request.arguments[0]),
          capacityBytes: parseBytes(optionText(request, 'capacity') ?? '', '--capacity'),
          epochs: parseCount(optionText(request, 'epochs') ?? '', '--epochs'),
          ...(price !== undefined && { maxPricePerGibEpoch: parseAmount(price, '--max-price') }),
          ...(requestId !== undefined && { requestId }),
        },
        request.signal,
      )
      if (request.options.noWait || held.status !== 'Held') return reservationResult(held)
      request.progress?.(`reservation ${held.id} is held; waiting for an attested leaf to start it`)
      return reservationResult(await consumer.waitActive(held.id, request.signal))
    },
  },
  {
    name: 'activate',
    description: 'Waits until a held reservation runs.',
    arguments: ['<reservation>'],
    options: [],
    async run(consumer, request) {
      return reservationResult(await consumer.waitActive(parseReservation(request.arguments[0]), request.signal))
    },
  },
  {
    name: 'cancel',
    description: 'Gives a held reservation up; everything is refunded.',
    arguments: ['<reservation>'],
    options: [],
    async run(consumer, request) {
      const id = parseReservation(request.arguments[0])
      const { txHash } = await consumer.cancel(id, request.signal)
      return { lines: [`reservation ${id} cancelled (${txHash})`], json: { id: id.toString(), txHash } }
    },
  },
  {
    name: 'extend',
    description: 'Pays further epochs of a running reservation, at the same rate.',
    arguments: ['<reservation>', '<epochs>'],
    options: [],
    async run(consumer, request) {
      const epochs = parseCount(request.arguments[1] ?? '', 'epochs')
      const id = parseReservation(request.arguments[0])
      return reservationResult(await consumer.extend(id, epochs, request.signal))
    },
  },
  {
    name: 'release',
    description: 'Gives back the epochs after the next one, and their money.',
    arguments: ['<reservation>'],
    options: [],
    async run(consumer, request) {
      return reservationResult(await consumer.release(parseReservation(request.arguments[0]), request.signal))
    },
  },
  {
    name: 'reservations',
    description: 'Lists your reservations and what they cost.',
    arguments: [],
    options: [],
    async run(consumer, { signal }) {
      const all = consumer.reservations()
      const money = new Map<bigint, ReservationMoney>()
      for (const { id } of all) money.set(id, await consumer.money(id, signal))
      const rows = all.map((r) => {
        const m = money.get(r.id)!
        const until = r.endEpoch === undefined ? '–' : String(r.endEpoch)
        return [
          ...[String(r.id), r.status, formatBytes(r.capacityBytes), until],
          ...[m.deposited, m.paid, m.refunded, m.held].map(String),
        ]
      })
      const head = ['ID', 'STATUS', 'CAPACITY', 'UNTIL EPOCH', 'DEPOSITED', 'PAID', 'REFUNDED', 'HELD']
      return {
        lines: table(head, rows),
        json: all.map((r) => ({ ...reservationJson(r), ...moneyJson(money.get(r.id)!) })),
      }
    },
  },
  {
    name: 'money',
    description: 'What a reservation has cost, costs now and will cost.',
    arguments: ['<reservation>'],
    options: [],
    async run(consumer, request) {
      const money = await consumer.money(parseReservation(request.arguments[0]), request.signal)
      return {
        lines: [
          `deposited  ${money.deposited}`,
          `paid       ${money.paid} (and ${money.pendingPaid} once it is settled)`,
          `refunded   ${money.refunded} (and ${money.pendingRefund} once it is settled)`,
          `in escrow  ${money.held}`,
          `settled    ${money.settledTo === undefined ? 'not yet running' : `to epoch ${money.settledTo} of ${money.endEpoch}`}`,
          `epochs     ${money.pendingEpochs} measured and not settled, ${money.epochsAhead} ahead`,
        ],
        json: moneyJson(money),
      }
    },
  },
  {
    name: 'settle',
    description: 'Settles a reservation by the newest leaf: refunds need not wait for the provider.',
    arguments: ['<reservation>'],
    options: [],
    async run(consumer, request) {
      return reservationResult(await consumer.settle(parseReservation(request.arguments[0]), request.signal))
    },
  },
  {
    name: 'escape',
    description:
      'Closes a reservation that nobody settles any more: opens the escape, and executes it when called again.',
    arguments: ['<reservation>'],
    options: [],
    async run(consumer, request) {
      const view = await consumer.escape(parseReservation(request.arguments[0]), request.signal)
      const open = `reservation ${view.id}: escape open; a newer leaf answers it until epoch ${view.escapeEpoch}`
      return view.status === 'Active' ? { lines: [open], json: reservationJson(view) } : reservationResult(view)
    },
  },
  {
    name: 'withdraw',
    description: 'Sends the credit that refunds have left in the contract.',
    arguments: ['<token>'],
    options: [{ flag: '--to <address>', description: 'receiver; default: this account' }],
    async run(consumer, request) {
      const token = parseAddress(request.arguments[0] ?? '', 'token')
      const receiver = optionText(request, 'to')
      const to = receiver === undefined ? consumer.account : parseAddress(receiver, '--to')
      const amount = await consumer.withdraw(token, to, request.signal)
      return { lines: [`${amount} sent to ${to}`], json: { token, to, amount: amount.toString() } }
    },
  },
]

function queryOf(request: CommandRequest): UnitQuery {
  const text = (name: string) => optionText(request, name)
  const kinds = text('kind')?.split(',')
  for (const kind of kinds ?? [])
    if (!UNIT_KINDS.includes(kind as UnitKind)) throw wrong('--kind', `one of ${UNIT_KINDS.join(', ')}`)
  const [capacity, price, score, weights, limit] = ['capacity', 'maxPrice', 'minScore', 'weights', 'limit'].map(text)
  const regions = text('region')?.split(',')
  return {
    ...(kinds && { kinds: kinds as UnitKind[] }),
    ...(regions && { regions }),
    ...(capacity !== undefined && { capacityBytes: parseBytes(capacity, '--capacity') }),
    ...(price !== undefined && { maxPricePerGibEpoch: parseAmount(price, '--max-price') }),
    ...(score !== undefined && { minScoreBps: parseCount(score, '--min-score') }),
    ...(weights !== undefined && { weights: parseWeights(weights) }),
    ...(limit !== undefined && { limit: parseCount(limit, '--limit') }),
    includeClosed: request.options.all === true,
  }
}

function parseWeights(text: string): { reliability: number; performance: number; cost: number } {
  const [, reliability, performance, cost] = /^(\d{1,6}),(\d{1,6}),(\d{1,6})$/.exec(text) ?? []
  if (cost === undefined) throw wrong('--weights', 'three whole numbers such as 50,25,25')
  return { reliability: Number(reliability), performance: Number(performance), cost: Number(cost) }
}

function unitsResult(units: readonly RankedUnit[]): CommandResult {
  const head = ['UNIT', 'KIND', 'REGION', 'RANK', 'SCORE', 'AVAILABILITY', 'P95 MS', 'PRICE', 'FREE', 'CONFIDENCE', '']
  const rows = units.map(({ unit, quality, ...ranked }) => [
    ...[unit.id, unit.terms.kind, unit.terms.region, String(ranked.rankBps)],
    quality ? String(quality.leaf.scoreBps) : '–',
    quality ? formatPpm(quality.leaf.availabilityPpm) : '–',
    quality && quality.leaf.ttfbP95Ms > 0 ? String(quality.leaf.ttfbP95Ms) : '–',
    ...[String(unit.terms.pricePerGibEpoch), formatBytes(ranked.freeBytes)],
    ...[`${Math.round(ranked.confidenceBps / 100)} %`, ranked.closed ?? ''],
  ])
  return { lines: units.length === 0 ? ['no unit fits'] : table(head, rows), json: units.map(unitJson) }
}

function unitJson({ unit, quality, ...ranked }: RankedUnit): JsonValue {
  return {
    id: unit.id,
    provider: unit.terms.provider,
    kind: unit.terms.kind,
    region: unit.terms.region,
    token: unit.terms.token,
    pricePerGibEpoch: unit.terms.pricePerGibEpoch.toString(),
    freeBytes: ranked.freeBytes.toString(),
    closed: ranked.closed ?? null,
    rankBps: ranked.rankBps,
    reliabilityBps: ranked.reliabilityBps,
    performanceBps: ranked.performanceBps,
    costBps: ranked.costBps,
    confidenceBps: ranked.confidenceBps,
    quality: quality
      ? {
          epoch: quality.epoch,
          root: quality.root,
          fresh: quality.fresh,
          state: quality.leaf.state,
          scoreBps: quality.leaf.scoreBps,
          availabilityPpm: quality.leaf.availabilityPpm,
          ttfbP95Ms: quality.leaf.ttfbP95Ms,
          downP10Kbps: quality.leaf.downP10Kbps,
          upP10Kbps: quality.leaf.upP10Kbps,
          samples: quality.leaf.samples,
        }
      : null,
  }
}

function reservationResult(r: ReservationView): CommandResult {
  const span = r.endEpoch === undefined ? `${r.epochs} epochs` : `until epoch ${r.endEpoch}`
  return {
    lines: [`reservation ${r.id}: ${r.status}, ${formatBytes(r.capacityBytes)}, ${span}, ${r.ratePerEpoch} an epoch`],
    json: reservationJson(r),
  }
}

function reservationJson(r: ReservationView): { [key: string]: JsonValue } {
  return {
    id: r.id.toString(),
    unit: r.unitId,
    status: r.status,
    token: r.token,
    capacityBytes: r.capacityBytes.toString(),
    epochs: r.epochs,
    lastEpoch: r.lastEpoch ?? null,
    endEpoch: r.endEpoch ?? null,
    ratePerEpoch: r.ratePerEpoch.toString(),
    deposited: r.deposited.toString(),
    paid: r.paid.toString(),
    refunded: r.refunded.toString(),
    escapeEpoch: r.escapeEpoch ?? null,
  }
}

function moneyJson(money: ReservationMoney): { [key: string]: JsonValue } {
  const { settledTo, endEpoch, pendingEpochs, epochsAhead, ...amounts } = money
  return {
    ...Object.fromEntries(Object.entries(amounts).map(([name, n]) => [name, n.toString()])),
    settledTo: settledTo ?? null,
    endEpoch: endEpoch ?? null,
    pendingEpochs,
    epochsAhead,
  }
}
