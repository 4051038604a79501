/** `lightmesh status`: asks a running node's HTTP API. */
import type { HealthView, StatusView } from '../api/http/schemas.ts'

const TIMEOUT_MS = 5_000

/** @returns 0 when the node is ready, 1 when it is not or does not answer. */
export async function showStatus(api: string, json: boolean): Promise<number> {
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(new URL(path, api), { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return (await answer.json()) as T
  }
  let status: StatusView
  let ready: HealthView
  try {
    status = await ask<StatusView>('/v1/status')
    ready = await ask<HealthView>('/readyz')
  } catch (error) {
    const why = error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error)
    process.stderr.write(`lightmesh: no node answers at ${api}: ${why}\n`)
    return 1
  }
  process.stdout.write(json ? `${JSON.stringify({ ...status, ready })}\n` : asText(status, ready))
  return ready.ok ? 0 : 1
}

function asText(status: StatusView, ready: HealthView): string {
  const seat = status.seat === undefined ? 'none' : `${status.seat} of ${status.oracles ?? '?'}`
  const lines = [
    `node      ${status.address} (${status.roles.join(', ')})`,
    `peer id   ${status.peerId}`,
    `network   chain ${status.network.chainId}, ${status.network.orchestrator}`,
    `chain     block ${status.chain.block ?? 'none'}${status.chain.problem ? `: ${status.chain.problem}` : ''}`,
    `peers     ${status.peers.length}`,
    `epoch     ${status.epoch}${status.phase ? ` (${status.phase})` : ''}`,
    `seat      ${seat}`,
    `state     epoch ${status.stateEpoch ?? 'none'}`,
    `ready     ${ready.ok ? 'yes' : 'no'}`,
    ...ready.checks.filter((check) => !check.ok).map((check) => `          ${check.name}: ${check.detail}`),
    ...status.alarms.map((alarm) => `alarm     epoch ${alarm.epoch}: ${alarm.message}`),
  ]
  return `${lines.join('\n')}\n`
}
