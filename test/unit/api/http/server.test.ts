import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import type { UnitView } from '../../../../src/api/http/schemas.ts'
import { type ApiEvent, type ApiServer, type NodeView, startApi } from '../../../../src/api/http/server.ts'

const hash = (digit: string) => `0x${digit.repeat(64)}` as const
const address = `0x${'1'.repeat(40)}` as const
const UNIT: UnitView = {
  ...{ id: hash('a'), provider: address, operator: address, kind: 'disk', region: 'here', status: 'Active' },
  ...{ token: address, capacityBytes: '18446744073709551615', reservedBytes: '0', pricePerGibEpoch: '7' },
  sla: { availabilityPpm: 990_000, ttfbP95Ms: 0, downP10Kbps: 0, upP10Kbps: 0 },
}

const POINTS = {
  ...{ node: address, epoch: 4, era: 0, points: '18446744073709551615', prevEpoch: 3 },
  ...{ recordHash: hash('b'), root: hash('c'), proof: [hash('d')] },
}

describe('HTTP API', () => {
  const listeners = new Set<(event: ApiEvent) => void>()
  let ready = true
  let limit = 0
  let api: ApiServer
  const view: NodeView = {
    status: () => assert.fail('not asked for here'),
    units: () => [UNIT],
    unitProof: () => undefined,
    unitReport: async (unitId, { epoch, day }) =>
      epoch === undefined
        ? { missing: 'no state is kept' }
        : { unitId, epoch, day, reach: { explained: [epoch], evidence: [] }, report: {}, failures: [], text: ['line'] },
    oraclePoints: (node) => (node === address ? POINTS : undefined),
    attestations: (n) => {
      limit = n
      return []
    },
    reservations: () => [],
    live: () => ({ ok: true, checks: [] }),
    ready: () => ({ ok: ready, checks: [{ name: 'chain', ok: ready, detail: '' }] }),
    metrics: async () => ({ contentType: 'text/plain', text: 'a 1\n' }),
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  before(async () => {
    api = await startApi({ host: '127.0.0.1', port: 0, version: '1.2.3' }, view)
  })
  after(() => api.close())
  const get = (path: string) => fetch(api.url + path)

  it('default: units as JSON, exact amounts', async () => {
    assert.deepEqual(await (await get('/v1/units')).json(), [UNIT])
  })

  it('behavior: OpenAPI 3.1 describes every route', async () => {
    const document = (await (await get('/openapi.json')).json()) as { openapi: string; paths: Record<string, unknown> }
    assert.equal(document.openapi, '3.1.0')
    for (const path of ['/v1/status', '/v1/units/{unitId}/proof', '/v1/attestations', '/v1/events', '/readyz'])
      assert.ok(path in document.paths, path)
  })

  it('behavior: readiness is a status code', async () => {
    assert.equal((await get('/readyz')).status, 200)
    ready = false
    assert.equal((await get('/readyz')).status, 503)
    assert.equal((await get('/livez')).status, 200)
    assert.equal(await (await get('/metrics')).text(), 'a 1\n')
  })

  it('behavior: events are streamed as they happen, and a reader that leaves is forgotten', async () => {
    const leave = new AbortController()
    const stream = await fetch(`${api.url}/v1/events`, { signal: leave.signal })
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
    assert.equal((await reader.read()).value, ': connected\n\n')
    for (const listener of listeners) listener({ type: 'phase', data: { epoch: 3 } })
    assert.equal((await reader.read()).value, 'event: phase\ndata: {"epoch":3}\n\n')
    const { promise, resolve } = Promise.withResolvers<void>()
    const remove = listeners.delete.bind(listeners)
    listeners.delete = (listener) => {
      resolve()
      return remove(listener)
    }
    leave.abort()
    await promise
    assert.equal(listeners.size, 0)
  })

  it('error: parameters outside their range, units that nobody knows', async () => {
    assert.equal((await get('/v1/attestations?limit=1001')).status, 400)
    assert.equal((await get('/v1/attestations?limit=7')).status, 200)
    assert.equal(limit, 7)
    assert.equal((await get('/v1/units/nonsense/proof')).status, 400)
    assert.equal((await get(`/v1/units/${hash('b')}/proof`)).status, 404)
  })

  it('behavior: reports and points come from what the node looks into', async () => {
    const report = await get(`/v1/units/${hash('a')}/report?epoch=7`)
    assert.deepEqual(((await report.json()) as { reach: unknown }).reach, { explained: [7], evidence: [] })
    assert.deepEqual(await (await get(`/v1/oracles/${address}/points`)).json(), POINTS)
  })

  it('error: a report that is not to be had says why; points of nobody', async () => {
    const missing = await get(`/v1/units/${hash('a')}/report`)
    assert.equal(missing.status, 404)
    assert.deepEqual(await missing.json(), { error: 'no-report', message: 'no state is kept' })
    assert.equal((await get(`/v1/units/${hash('a')}/report?day=-1`)).status, 400)
    assert.equal((await get(`/v1/oracles/0x${'2'.repeat(40)}/points`)).status, 404)
  })

  it('error: a request that was made for another host', async () => {
    const { promise, resolve } = Promise.withResolvers<number | undefined>()
    request(`${api.url}/v1/units`, { headers: { host: 'rebound.example' } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).end()
    assert.equal(await promise, 421)
  })
})
