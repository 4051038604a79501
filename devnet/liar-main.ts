/** A light node whose oracle reports falsehoods about a rival's unit: every probe of an S3 unit "fails". Otherwise a node like any other. */
import type { UnitProbe } from '../src/core/ports/unit-probe.ts'
import { runMisbehaving } from './misbehaving-node.ts'

const lying = (probe: UnitProbe): UnitProbe => ({
  prepare: (epoch, units, signal) => probe.prepare(epoch, units, signal),
  probe: async (assignment, signal) =>
    assignment.unit.terms.kind === 's3'
      ? { outcome: 'connect-refused', ttfbMs: 0, kbps: 0 }
      : probe.probe(assignment, signal),
})

await runMisbehaving({ wrapProbe: lying })
