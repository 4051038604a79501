import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drawFrame } from '../../../../devnet/view/frame.ts'
import type { ViewModel } from '../../../../devnet/view/model.ts'
import { fit, paint, span } from '../../../../devnet/view/text.ts'

const ETHER = 10n ** 18n

function model(changes: Partial<ViewModel> = {}): ViewModel {
  return {
    elapsedMs: 125_000,
    title: 'devnet, seed 7',
    epoch: { number: 9, phase: 'reveal', milli: 640, leftMs: 4_300 },
    quorum: 5,
    attested: 9,
    skipped: 0,
    nodes: Array.from({ length: 7 }, (_, index) => ({
      index,
      running: index !== 5,
      provides: index === 1 ? ('s3' as const) : undefined,
      alarm: undefined,
    })),
    units: [
      {
        kind: 's3',
        state: 'Warned',
        scoreBps: 8_123,
        paidBps: [10_000, 10_000, undefined, 7_500, 0],
        availabilityPpm: 995_000,
        ttfbP95Ms: 41,
        metEpochs: 7,
        missedEpochs: 1,
      },
    ],
    attestations: [
      { epoch: 8, signed: [true, true, false, true, true, false, true], gasUsed: 84_674, msAfterProposal: 959 },
    ],
    reservations: [{ id: '1', kind: 's3', deposited: ETHER, paid: ETHER / 4n, refunded: ETHER / 8n }],
    events: Array.from({ length: 40 }, (_, i) => ({ atMs: i * 1_000, text: `event ${i}` })),
    ...changes,
  }
}

const plain = (m: ViewModel, columns: number, rows: number) =>
  drawFrame(m, { columns, rows }).map((row) => paint(row, false))

describe('live view: frame', () => {
  it('default: 80 × 24 holds nodes, units, attestations, money and the newest events', () => {
    const text = plain(model(), 80, 24).join('\n')
    for (const part of [
      'epoch 9',
      'reveal',
      '6/7 up',
      '5 down',
      'Warned',
      '81.23',
      '99.50 %',
      '41 ms',
      '7 / 1',
      '84674',
      '1.0 s',
      '1.000000',
      '0.250000',
      '0.125000',
      'event 39',
    ])
      assert.ok(text.includes(part), `${part} is missing in\n${text}`)
  })

  it('behavior: is exactly as large as the window, whatever its size and contents', () => {
    const nodes = Array.from({ length: 31 }, (_, index) => ({
      index,
      running: true,
      provides: undefined,
      alarm: 'divergence',
    }))
    for (const changes of [{}, { nodes }, { epoch: undefined, nodes: [], units: [], events: [] }]) {
      for (const [columns, rows] of [
        [80, 24],
        [60, 16],
        [200, 60],
        [40, 10],
        [81, 25],
      ] as const) {
        const frame = plain(model(changes), columns, rows)
        assert.equal(frame.length, rows)
        for (const line of frame) assert.equal([...line].length, columns, JSON.stringify(line))
      }
    }
  })

  it('behavior: a long title gives way to epoch, phase and time', () => {
    const [headline] = plain(model({ title: 'scenario, seed 6ad110137d7bff214c84526b8d978a57' }), 80, 24)
    assert.match(headline!, /^ LIGHTMESH scenario.*… epoch 9 █+░+ reveal +2:05$/)
  })

  it('behavior: an epoch without a root is a dot among the epochs', () => {
    assert.match(plain(model(), 80, 24).join('\n'), /██·▆▁/)
  })

  it('behavior: control characters of a message never reach the terminal', () => {
    assert.equal(paint(fit([span('a\u001b[2Jb\u0007')], 9), false), 'a [2Jb   ')
  })
})
