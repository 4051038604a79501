import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createHealth } from '../../../src/observability/health.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'

describe('metrics', () => {
  it('default: counters, gauges and histograms under one prefix', async () => {
    const metrics = createMetrics({ processMetrics: false })
    metrics.count('probes_total', { outcome: 'ok' })
    metrics.count('probes_total', { outcome: 'ok' }, 2)
    metrics.gauge('node_ready', 1)
    metrics.observe('probe_ttfb_ms', 7, { task: 'read' })
    const text = await metrics.text()
    assert.match(text, /^lightmesh_probes_total\{outcome="ok"\} 3$/m)
    assert.match(text, /^lightmesh_node_ready 1$/m)
    assert.match(text, /^lightmesh_probe_ttfb_ms_bucket\{le="10",task="read"\} 1$/m)
  })

  it('behavior: what does not fit a family is dropped and counted', async () => {
    const metrics = createMetrics({ processMetrics: false })
    metrics.count('a_total', { kind: 'x' })
    metrics.count('a_total', { other: 'x' })
    metrics.gauge('a_total', 1, { kind: 'x' })
    for (let i = 0; i < 1_100; i++) metrics.count('b_total', { peer: `${i}` })
    assert.match(await metrics.text(), /^lightmesh_metrics_dropped_total 78$/m)
  })
})

describe('health', () => {
  it('default: ready once every expected check holds', () => {
    const health = createHealth(['chain', 'mesh'])
    assert.equal(health.ready().ok, false)
    health.set('chain', true)
    health.set('mesh', false, 'nobody')
    assert.deepEqual(health.ready().checks.at(-1), { name: 'mesh', ok: false, detail: 'nobody' })
    health.set('mesh', true, 'nobody')
    assert.deepEqual(health.ready(), {
      ok: true,
      checks: [
        { name: 'chain', ok: true, detail: '' },
        { name: 'mesh', ok: true, detail: '' },
      ],
    })
  })
})
