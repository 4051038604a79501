/**
 * What a node asks itself at its start and in every epoch: does the chain answer, is anybody connected, has this key a
 * seat, can it pay for its transactions, is the last attested epoch young? A no is loud once, and again when it changes.
 */
import { epochAt } from '../core/epoch-clock.ts'
import type { Foundation } from './foundation.ts'

/** A head older than this many epoch lengths is a chain that stands still. */
const STALE_HEAD_EPOCHS = 0.5
/** Wei that some hundred attestations cost at 20 gwei. */
const MIN_BALANCE = 2n * 10n ** 17n
/** Epochs without an attestation after which something is wrong for everybody. */
const MAX_ATTESTATION_AGE = 3

interface Finding {
  check: string
  ok: boolean
  detail: string
}

async function look(base: Foundation, signal: AbortSignal): Promise<Finding[]> {
  const { chain, clock, mesh, identity, config, metrics } = base
  const own = identity.signer.address
  const { head, problem } = chain.health()
  const ageSeconds = head ? clock.now() / 1_000 - head.timestamp : Number.POSITIVE_INFINITY
  const stale = ageSeconds > STALE_HEAD_EPOCHS * chain.clock.epochSeconds
  const peers = mesh.peers().length
  const balance = await chain.balance(own, signal).catch(() => undefined)
  if (balance !== undefined) metrics.gauge('node_balance_gwei', Number(balance / 10n ** 9n))
  const findings: Finding[] = [
    {
      check: 'chain',
      ok: problem === undefined && !stale,
      detail: problem?.message ?? `the newest block is ${Math.round(ageSeconds)} s old`,
    },
    { check: 'mesh', ok: peers > 0, detail: 'no peer is connected' },
    {
      check: 'balance',
      ok: balance === undefined || balance >= MIN_BALANCE,
      detail: `${own} has ${balance} wei; send it at least ${MIN_BALANCE}`,
    },
  ]
  const now = epochAt(chain.clock, clock.now())
  if (config.roles.includes('oracle')) {
    findings.push({ check: 'seat', ok: base.oracles().includes(own), detail: `${own} is not in the oracle set` })
  }
  const newest = chain.view().attestations(1)[0]?.header.epoch ?? -1
  findings.push({
    check: 'attestations',
    ok: now - newest <= MAX_ATTESTATION_AGE || now < MAX_ATTESTATION_AGE,
    detail: newest < 0 ? 'no epoch was attested yet' : `epoch ${newest} is the last attested one, now is ${now}`,
  })
  return findings
}

/** Looks now and then twice an epoch until the node closes. */
export async function startSelfCheck(base: Foundation, signal: AbortSignal): Promise<void> {
  const { clock, chain, health, metrics, logger, closing } = base
  const known = new Map<string, boolean>()
  const check = async () => {
    for (const { check, ok, detail } of await look(base, signal)) {
      health.set(check, ok, detail)
      if (!ok) metrics.count('node_alarms_total', { check })
      if (known.get(check) === ok) continue
      if (!ok) logger.warn(`self-check: ${detail}`, { check })
      else if (known.has(check)) logger.info('self-check: well again', { check })
      known.set(check, ok)
    }
    metrics.gauge('node_ready', health.ready().ok ? 1 : 0)
  }
  let cancel = () => {}
  const again = () => {
    cancel = clock.schedule(clock.now() + chain.clock.epochSeconds * 500, () => {
      // A look that fails has said so in its findings; it never throws but for the signal.
      void check()
        .catch(() => {})
        .finally(() => !signal.aborted && again())
    })
  }
  closing.add('self-check', () => cancel())
  await check()
  again()
}
