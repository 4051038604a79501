/**
 * What a probe found, as integers. One row is one probe task; rows of a batch are ordered by (unit, task).
 * Columns and not objects: an epoch of 100,000 units × 15 reporters is 1.5 million rows.
 */

/** What a task measured. Index = wire value. */
export const PROBE_TASKS = ['read', 'write', 'integrity', 'freshness', 'invoke'] as const
export type ProbeTask = (typeof PROBE_TASKS)[number]

/** Whose fault an outcome is: only the provider's counts against a unit; the rest makes the row unusable. */
export type Fault = 'none' | 'provider' | 'prober' | 'chain'

/**
 * The closed set of outcomes. The wire value is fixed for ever: 0 is success, 1–63 the provider's fault, 64–95 the
 * prober's, 96–127 the chain's. A value that is not listed is invalid.
 */
export const PROBE_OUTCOMES = {
  ok: 0,
  'dns-failure': 1,
  'connect-refused': 2,
  'connect-timeout': 3,
  'tls-failure': 4,
  'idle-timeout': 5,
  'total-timeout': 6,
  'connection-reset': 7,
  'http-4xx': 8,
  'http-5xx': 9,
  'access-denied': 10,
  'object-missing': 11,
  'wrong-length': 12,
  'wrong-content': 13,
  'redirect-refused': 14,
  'address-refused': 15,
  'byte-ceiling': 16,
  'malformed-response': 17,
  'grant-refused': 18,
  'grant-unavailable': 19,
  'index-unavailable': 20,
  'index-invalid': 21,
  'stale-content': 22,
  'wrong-answer': 23,
  'control-failed': 64,
  'prober-overloaded': 65,
  'prober-aborted': 66,
  'prober-clock': 67,
  'chain-unreachable': 96,
  'unit-unknown': 97,
} as const
export type ProbeOutcome = keyof typeof PROBE_OUTCOMES

const NAMES = new Map<number, ProbeOutcome>(
  Object.entries(PROBE_OUTCOMES).map(([name, value]) => [value, name as ProbeOutcome]),
)

/** The outcome with this wire value, or undefined for a value outside the closed set. */
export function outcomeOf(value: number): ProbeOutcome | undefined {
  return NAMES.get(value)
}

export function faultOf(outcome: ProbeOutcome): Fault {
  const value = PROBE_OUTCOMES[outcome]
  if (value === 0) return 'none'
  if (value < 64) return 'provider'
  return value < 96 ? 'prober' : 'chain'
}

/** Observations of one reporter in one epoch; all columns have the same length. */
export interface ObservationColumns {
  /** Index into the epoch's units (chain facts, ascending by unit id). */
  unit: Uint32Array
  /** Index into PROBE_TASKS. */
  task: Uint8Array
  /** Wire value of the outcome. */
  outcome: Uint8Array
  /** Request sent → first body byte, connect time apart; 0 when nothing was received. */
  ttfbMs: Uint32Array
  /** Payload throughput of the transfer; 0 when the transfer was too small to tell (see MIN_THROUGHPUT_BYTES). */
  kbps: Uint32Array
}

/** Transfers below this size say more about latency than about throughput and carry kbps = 0. */
export const MIN_THROUGHPUT_BYTES = 65_536
