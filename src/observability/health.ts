/** Liveness and readiness: named checks that parts of the node set; `/livez` and `/readyz` read them. */

export interface HealthCheck {
  name: string
  ok: boolean
  /** What a person should know; empty while ok. */
  detail: string
}

export interface HealthReport {
  ok: boolean
  checks: HealthCheck[]
}

export interface Health {
  /** Creates or updates a check. A check that is named in `expected` counts as failed until it is set. */
  set(name: string, ok: boolean, detail?: string): void
  /** Not ok: the process should be restarted. */
  live(): HealthReport
  /** Not ok: the node can't do its work now. */
  ready(): HealthReport
}

/**
 * @param expected names of the checks that readiness needs.
 */
export function createHealth(expected: readonly string[]): Health {
  const checks = new Map<string, HealthCheck>(
    expected.map((name) => [name, { name, ok: false, detail: 'not started yet' }]),
  )
  return {
    set: (name, ok, detail = '') => void checks.set(name, { name, ok, detail: ok ? '' : detail }),
    // A process that answers is alive: its event loop turns. Whether it works is readiness.
    live: () => ({ ok: true, checks: [] }),
    ready: () => {
      const all = [...checks.values()]
      return { ok: all.every((check) => check.ok), checks: all }
    },
  }
}
