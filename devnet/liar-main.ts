/** A light node whose oracle reports falsehoods about a rival's unit: every probe of an S3 unit "fails". Otherwise a node like any other. */
import type { UnitProbe } from '../src/core/ports/unit-probe.ts'
import { loadConfig } from '../src/node/config.ts'
import { startNode } from '../src/node/run-node.ts'
import { reportReady, stopSignal, untilAborted } from '../src/node/supervised.ts'
import { createLogger } from '../src/observability/logger.ts'

const lying = (probe: UnitProbe): UnitProbe => ({
  prepare: (epoch, units, signal) => probe.prepare(epoch, units, signal),
  probe: async (assignment, signal) =>
    assignment.unit.terms.kind === 's3'
      ? { outcome: 'connect-refused', ttfbMs: 0, kbps: 0 }
      : probe.probe(assignment, signal),
})

const signal = stopSignal()
const logger = await createLogger({ level: 'info', format: 'json' })
try {
  const node = await startNode(loadConfig({ file: process.argv[2] }), logger, signal, { wrapProbe: lying })
  reportReady(node)
  await untilAborted(signal, node.failed)
  await node.stop()
} catch (error) {
  if (!signal.aborted) {
    logger.error('the node could not start', { error: String(error) })
    process.exitCode = 1
  }
}
process.exit()
