/** Answers that take a look into evidence: why a unit's verdict is what it is, and what an oracle has earned. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  errorSchema,
  nodeParams,
  type OraclePointsView,
  oraclePointsSchema,
  type UnitReportView,
  unitIdParams,
  unitReportSchema,
} from './schemas.ts'

export interface UnitReportQuery {
  /** Newest that can be explained when neither is given. */
  epoch?: number | undefined
  day?: number | undefined
}

export interface InsightView {
  /** The message says why there is none, and how far back there would be one. */
  unitReport(
    unitId: `0x${string}`,
    query: UnitReportQuery,
    signal: AbortSignal,
  ): Promise<UnitReportView | { missing: string }>
  oraclePoints(node: `0x${string}`): OraclePointsView | undefined
}

/** Whole states are read for a report: few at a time, and nobody waits for more. */
const MAX_REPORTS_AT_ONCE = 2

export function insightRoutes(scope: FastifyInstance, view: InsightView): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const whole = z.coerce.number().int().min(0).optional()
  let running = 0
  app.get(
    '/v1/units/:unitId/report',
    {
      schema: {
        summary: "Why a unit's verdict and score are what they are, evaluated once more from this node's evidence",
        params: unitIdParams,
        querystring: z.object({ epoch: whole, day: whole }),
        response: { 200: unitReportSchema, 404: errorSchema, 503: errorSchema },
      },
    },
    async (request, reply) => {
      if (running >= MAX_REPORTS_AT_ONCE)
        return reply.code(503).send({ error: 'busy', message: 'other reports are being made; ask again' })
      const gone = new AbortController()
      request.raw.socket.once('close', () => gone.abort(new Error('the asker is gone')))
      running += 1
      try {
        const found = await view.unitReport(request.params.unitId as `0x${string}`, request.query, gone.signal)
        return 'missing' in found ? reply.code(404).send({ error: 'no-report', message: found.missing }) : found
      } finally {
        running -= 1
      }
    },
  )
  app.get(
    '/v1/oracles/:node/points',
    {
      schema: {
        summary: "An oracle's points with their Merkle proof to the root on chain",
        params: nodeParams,
        response: { 200: oraclePointsSchema, 404: errorSchema },
      },
    },
    async (request, reply) =>
      view.oraclePoints(request.params.node as `0x${string}`) ??
      reply.code(404).send({ error: 'unknown-oracle', message: 'no attested points of this node are held' }),
  )
}
