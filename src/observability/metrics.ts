/**
 * The Metrics port on prom-client. Folders name a metric where they use it; its type follows from the call, its help
 * text from the catalogue. A name or label set beyond the caps is dropped and counted: a peer must not be able to
 * fill the registry.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Metrics } from '../core/ports/metrics.ts'
import { METRIC_HELP } from './metric-catalogue.ts'

/** Every metric's name in Prometheus begins with it. */
export const METRIC_PREFIX = 'lightmesh_'

/** Families at the most; there are some 60 in the code. */
const MAX_FAMILIES = 512
/** Label sets of one family: the largest one has a set per gossip topic and verdict code. */
const MAX_SERIES = 1_024

/** Seconds for `_seconds`, milliseconds for `_ms`, bytes for `_bytes`. */
const BUCKETS: readonly [suffix: string, buckets: number[]][] = [
  ['_ms', [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000]],
  ['_seconds', [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60]],
  ['_bytes', [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 16_777_216]],
]
const PLAIN_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 1_000, 10_000]

type Labels = Readonly<Record<string, string>>
type Family = { kind: 'counter' | 'gauge' | 'histogram'; labels: string; series: Set<string> } & (
  | { kind: 'counter'; metric: Counter }
  | { kind: 'gauge'; metric: Gauge }
  | { kind: 'histogram'; metric: Histogram }
)

export interface NodeMetrics extends Metrics {
  /** Everything in Prometheus' text format. */
  text(): Promise<string>
  readonly contentType: string
}

export function createMetrics(options: { processMetrics: boolean } = { processMetrics: true }): NodeMetrics {
  const registry = new Registry()
  if (options.processMetrics) collectDefaultMetrics({ register: registry })
  const dropped = new Counter({
    name: `${METRIC_PREFIX}metrics_dropped_total`,
    help: 'Values of metrics that were beyond the caps on names and labels, or had other labels than before.',
    registers: [registry],
  })
  const families = new Map<string, Family>()

  const family = (kind: Family['kind'], name: string, labels: Labels): Family | undefined => {
    const names = Object.keys(labels).sort()
    let found = families.get(name)
    if (!found) {
      if (families.size >= MAX_FAMILIES) return undefined
      found = create(registry, kind, name, names)
      families.set(name, found)
    }
    if (found.kind !== kind || found.labels !== names.join()) return undefined
    const series = names.map((label) => labels[label]).join('\u0000')
    if (!found.series.has(series)) {
      if (found.series.size >= MAX_SERIES) return undefined
      found.series.add(series)
    }
    return found
  }

  return {
    count(name, labels = {}, by = 1) {
      const found = family('counter', name, labels)
      if (found?.kind === 'counter') found.metric.inc(labels, by)
      else dropped.inc()
    },
    gauge(name, value, labels = {}) {
      const found = family('gauge', name, labels)
      if (found?.kind === 'gauge') found.metric.set(labels, value)
      else dropped.inc()
    },
    observe(name, value, labels = {}) {
      const found = family('histogram', name, labels)
      if (found?.kind === 'histogram') found.metric.observe(labels, value)
      else dropped.inc()
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

function create(registry: Registry, kind: Family['kind'], name: string, labelNames: string[]): Family {
  const options = {
    name: METRIC_PREFIX + name,
    help: METRIC_HELP[name] ?? name.replaceAll('_', ' '),
    labelNames,
    registers: [registry],
  }
  const rest = { labels: labelNames.join(), series: new Set<string>() }
  if (kind === 'counter') return { kind, metric: new Counter(options), ...rest }
  if (kind === 'gauge') return { kind, metric: new Gauge(options), ...rest }
  const buckets = BUCKETS.find(([suffix]) => name.endsWith(suffix))?.[1] ?? PLAIN_BUCKETS
  return { kind, metric: new Histogram({ ...options, buckets }), ...rest }
}
