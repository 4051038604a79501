/** Shapes of the Open API's answers. Amounts and ids beyond 2^53 are decimal strings, hashes lower-case hex. */
import { z } from 'zod'
import { UNIT_KINDS, UNIT_STATES, UNIT_STATUSES } from '../../core/units.ts'

const amount = z.string().regex(/^\d+$/).describe('Decimal; smallest unit of the token, or bytes')
const hex = (bytes: number, what: string) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${bytes * 2}}$`))
    .describe(what)
const address = hex(20, 'Address')
const hash = hex(32, 'Hash')
const epoch = z.number().int().describe('Epoch number')

export const unitIdParams = z.object({ unitId: hex(32, 'Unit id') })

export const nodeParams = z.object({ node: address })

export const statusSchema = z.object({
  address,
  peerId: z.string(),
  multiaddrs: z.array(z.string()),
  roles: z.array(z.enum(['provider', 'oracle', 'consumer'])),
  network: z.object({ chainId: z.number().int(), orchestrator: address, oracleSet: address }),
  chain: z.object({ block: z.number().int().optional(), problem: z.string().optional() }),
  peers: z.array(
    z.object({ address, peerId: z.string(), direction: z.enum(['inbound', 'outbound']), score: z.number() }),
  ),
  epoch,
  phase: z.string().optional().describe('Phase of the epoch this node is in'),
  seat: z.number().int().optional().describe('Index in the oracle set; absent without a seat'),
  oracles: z.number().int().optional(),
  quorum: z.number().int().optional(),
  stateEpoch: epoch.optional().describe('Epoch of the newest attested state this node holds'),
  alarms: z.array(z.object({ code: z.string(), epoch, message: z.string(), at: z.number() })),
})

export const unitSchema = z.object({
  id: hash,
  provider: address,
  operator: address,
  kind: z.enum(UNIT_KINDS),
  region: z.string(),
  status: z.enum(UNIT_STATUSES),
  token: address,
  capacityBytes: amount,
  reservedBytes: amount,
  pricePerGibEpoch: amount,
  sla: z.object({
    availabilityPpm: z.number().int(),
    ttfbP95Ms: z.number().int(),
    downP10Kbps: z.number().int(),
    upP10Kbps: z.number().int(),
  }),
  measured: z
    .object({
      epoch,
      state: z.enum(UNIT_STATES),
      scoreBps: z.number().int(),
      availabilityPpm: z.number().int(),
      ttfbP95Ms: z.number().int(),
      downP10Kbps: z.number().int(),
      upP10Kbps: z.number().int(),
      samples: z.number().int(),
      metEpochs: z.number().int(),
      missedEpochs: z.number().int(),
      neutralEpochs: z.number().int(),
      paidBpsSum: amount,
      lossIncidents: z.number().int(),
      recordHash: hash,
    })
    .optional()
    .describe('The attested leaf; absent until the unit is under an attested root'),
})

export const proofSchema = z.object({
  root: hash,
  epoch,
  prevEpoch: epoch.describe('As the contract takes it beside the proof'),
  proof: z.array(hash).describe('Siblings from the leaf up'),
  leaf: unitSchema.shape.measured.unwrap().extend({ unitId: hash, era: z.number().int() }),
})

export const attestationSchema = z.object({
  epoch,
  prevEpoch: epoch,
  root: hash,
  parentRoot: hash,
  unitCount: z.number().int(),
  setId: z.number().int(),
  attempt: z.number().int(),
  signers: z.array(address),
  txHash: hash,
  block: z.number().int(),
  blockTimestamp: z.number().int(),
})

export const reservationSchema = z.object({
  id: z.string(),
  unitId: hash,
  consumer: address,
  status: z.string(),
  capacityBytes: amount,
  epochs: z.number().int(),
  ratePerEpoch: amount,
  lastEpoch: epoch.optional(),
  endEpoch: epoch.optional(),
  deposited: amount,
  paid: amount,
  refunded: amount,
})

export const healthSchema = z.object({
  ok: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
})

export const oraclePointsSchema = z.object({
  node: address,
  epoch,
  era: z.number().int(),
  points: amount,
  recordHash: hash,
  root: hash,
  prevEpoch: epoch.describe('As the contract takes it beside the proof'),
  proof: z.array(hash).describe('Siblings from the leaf up'),
})

export const unitReportSchema = z.object({
  unitId: hash,
  epoch: epoch.optional().describe('The epoch that `report` explains; absent when no state before one is kept'),
  day: z.number().int().optional(),
  reach: z
    .object({
      explained: z.array(epoch).describe('Epochs whose verdict and score this node can explain now'),
      evidence: z.array(epoch).describe('Epochs whose failed probes this node can list now, of those asked for'),
    })
    .describe('How far back this node can go'),
  report: z.unknown().describe("Verdict, metrics, score, shares, ways up: the evaluation's own numbers"),
  failures: z.array(
    z.object({
      epoch,
      reporter: address,
      task: z.string(),
      outcome: z.string(),
      fault: z.string(),
      evidence: hash.describe("Of the signed batch, which is in the epoch's evidence bundle"),
    }),
  ),
  text: z.array(z.string()).describe('The same for people, line by line'),
})

export const errorSchema = z.object({ error: z.string(), message: z.string() })

export type StatusView = z.infer<typeof statusSchema>
export type UnitView = z.infer<typeof unitSchema>
export type ProofView = z.infer<typeof proofSchema>
export type AttestationView = z.infer<typeof attestationSchema>
export type ReservationView = z.infer<typeof reservationSchema>
export type HealthView = z.infer<typeof healthSchema>
export type OraclePointsView = z.infer<typeof oraclePointsSchema>
export type UnitReportView = z.infer<typeof unitReportSchema>
