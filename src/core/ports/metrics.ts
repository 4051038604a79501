/** Counters and gauges of the pure folders; Prometheus stands behind it in a node. Names are snake_case with a unit. */
export interface Metrics {
  /** Adds to a counter. */
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void
  /** Sets a gauge. */
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void
  /** Adds a value to a histogram. */
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void
}

export const noMetrics: Metrics = { count() {}, gauge() {}, observe() {} }
