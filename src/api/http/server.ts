/**
 * The Open API: every node serves the same read-only HTTP on localhost, so that any node replaces a central API. Routes,
 * checks and the OpenAPI document come from the same schemas.
 */
import swagger from '@fastify/swagger'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type InsightView, insightRoutes } from './insight-routes.ts'
import {
  type AttestationView,
  attestationSchema,
  errorSchema,
  type HealthView,
  healthSchema,
  type ProofView,
  proofSchema,
  type ReservationView,
  reservationSchema,
  type StatusView,
  statusSchema,
  type UnitView,
  unitIdParams,
  unitSchema,
} from './schemas.ts'

/** One line of the event stream. */
export interface ApiEvent {
  /** `attested`, `phase`, `alarm`, … */
  type: string
  data: Readonly<Record<string, unknown>>
}

/** What the API shows; the composition root implements it. All of it is in memory but what `InsightView` looks into. */
export interface NodeView extends InsightView {
  status(): StatusView
  units(): UnitView[]
  unitProof(unitId: `0x${string}`): ProofView | undefined
  /** Newest first. */
  attestations(limit: number): AttestationView[]
  reservations(): ReservationView[]
  live(): HealthView
  ready(): HealthView
  metrics(): Promise<{ contentType: string; text: string }>
  watch(listener: (event: ApiEvent) => void): () => void
}

export interface ApiOptions {
  host: string
  /** 0: any free one. */
  port: number
  version: string
}

export interface ApiServer {
  /** Origin, without a slash at the end. */
  readonly url: string
  close(): Promise<void>
}

/** Open event streams; a dashboard needs one. */
const MAX_STREAMS = 64
/** Proxies end what is silent for a minute. */
const STREAM_HEARTBEAT_MS = 15_000
/** Bytes that wait in a stream whose reader is slow; beyond them it is ended. */
const MAX_STREAM_BACKLOG = 1 << 20

export async function startApi(options: ApiOptions, view: NodeView): Promise<ApiServer> {
  const app = fastify({ logger: false, bodyLimit: 65_536, forceCloseConnections: true })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.addHook('onRequest', async (request, reply) => {
    // A page of another origin that resolves its name to this machine must not read it.
    if (!isLocalHost(request.headers.host, options.host))
      return reply.code(421).send({ error: 'wrong-host', message: 'ask by the address this API is bound to' })
  })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Lightmesh node', description: 'What this node knows: read-only.', version: options.version },
    },
    transform: jsonSchemaTransform,
  })
  const streams = new Set<FastifyReply>()
  await app.register(async (scope) => routes(scope, view, streams))
  const url = await app.listen({ host: options.host, port: options.port })
  return {
    url,
    async close() {
      for (const stream of streams) stream.raw.end()
      await app.close()
    },
  }
}

function isLocalHost(header: string | undefined, bound: string): boolean {
  const name = (header ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return ['127.0.0.1', '::1', 'localhost', bound].includes(name) || bound === '0.0.0.0' || bound === '::'
}

function routes(scope: FastifyInstance, view: NodeView, streams: Set<FastifyReply>): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const answer = <T extends z.ZodType>(schema: T, summary: string) => ({ summary, response: { 200: schema } })
  app.get('/v1/status', { schema: answer(statusSchema, 'Who this node is and what it is doing') }, async () =>
    view.status(),
  )
  app.get('/v1/units', { schema: answer(z.array(unitSchema), 'Data units with what was attested of them') }, async () =>
    view.units(),
  )
  app.get(
    '/v1/units/:unitId/proof',
    {
      schema: {
        summary: "A unit's leaf with its Merkle proof to the root on chain",
        params: unitIdParams,
        response: { 200: proofSchema, 404: errorSchema },
      },
    },
    async (request, reply) => {
      const found = view.unitProof(request.params.unitId as `0x${string}`)
      return found ?? reply.code(404).send({ error: 'unknown-unit', message: 'no attested leaf of this unit is held' })
    },
  )
  const limit = z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(50) })
  app.get(
    '/v1/attestations',
    { schema: { ...answer(z.array(attestationSchema), 'Attested epochs, newest first'), querystring: limit } },
    async (request) => view.attestations(request.query.limit),
  )
  app.get(
    '/v1/reservations',
    { schema: answer(z.array(reservationSchema), 'Reservations and their money') },
    async () => view.reservations(),
  )
  insightRoutes(scope, view)
  health(scope, view)
  app.get('/v1/events', { schema: { summary: 'Server-sent events: phases, attestations, alarms' } }, (_, reply) =>
    stream(reply, view, streams),
  )
  app.get('/openapi.json', { schema: { hide: true } }, async () => scope.swagger())
}

function health(scope: FastifyInstance, view: NodeView): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const schema = { response: { 200: healthSchema, 503: healthSchema } }
  app.get('/livez', { schema: { summary: 'Whether the process works', ...schema } }, async (_, reply) => {
    const report = view.live()
    return reply.code(report.ok ? 200 : 503).send(report)
  })
  app.get('/readyz', { schema: { summary: 'Whether the node can do its work now', ...schema } }, async (_, reply) => {
    const report = view.ready()
    return reply.code(report.ok ? 200 : 503).send(report)
  })
  app.get('/metrics', { schema: { summary: 'Prometheus metrics' } }, async (_, reply) => {
    const { contentType, text } = await view.metrics()
    return reply.header('content-type', contentType).send(text)
  })
}

function stream(reply: FastifyReply, view: NodeView, streams: Set<FastifyReply>): void {
  if (streams.size >= MAX_STREAMS) {
    reply.code(503).send({ error: 'too-many-streams', message: `${MAX_STREAMS} event streams are open` })
    return
  }
  reply.hijack()
  streams.add(reply)
  const { raw } = reply
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const write = (text: string) => {
    if (raw.writableLength > MAX_STREAM_BACKLOG) raw.destroy()
    else raw.write(text)
  }
  write(': connected\n\n')
  const heartbeat = setInterval(() => write(': \n\n'), STREAM_HEARTBEAT_MS)
  const stop = view.watch(({ type, data }) => write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`))
  raw.once('close', () => {
    clearInterval(heartbeat)
    stop()
    streams.delete(reply)
  })
}
