/**
 * Which epochs a correct protocol must attest: those during which no more than f nodes are bad (lying, down, restarted,
 * astray) and neither mesh nor chain as a whole is disturbed.
 */

import type { Fault, SimOptions } from './options.ts'
import { RESTART_MS } from './sim-node.ts'

/** Reorgs up to this depth are the protocol's business; deeper ones excuse a missed epoch. */
const CONFIRMATIONS = 2

interface Span {
  from: number
  to: number
}

/** Milliseconds since genesis in which a fault keeps its node, or everybody, from taking part. */
function spanOf(fault: Fault, epochMs: number): Span {
  const from = fault.atMs
  switch (fault.kind) {
    // Back up, a node has lost what it had of the running epoch.
    case 'crash':
      return { from, to: from + fault.downMs }
    // The write may come up to an epoch later.
    case 'crash-in-sync':
      return { from, to: from + epochMs + fault.downMs }
    // Abstains from epochs begun before its return, and one more.
    case 'journal-lost':
    case 'disk-lost':
      return { from, to: from + fault.downMs + 2 * epochMs }
    // A process that could not start meanwhile is tried again.
    case 'disk-full':
      return { from, to: from + fault.forMs + RESTART_MS }
    case 'reorg':
      return { from: from - epochMs, to: from + epochMs }
    default:
      return { from, to: from + fault.forMs }
  }
}

export function possibleEpochs(options: SimOptions): Set<number> {
  const epochMs = options.epochSeconds * 1000
  const possible = new Set<number>()
  for (let epoch = 0; epoch < options.epochs; epoch++) if (isPossible(options, epoch, epochMs)) possible.add(epoch)
  return possible
}

function isPossible(options: SimOptions, epoch: number, epochMs: number): boolean {
  const seats = seatsAt(options, epoch)
  const f = Math.floor((seats.length - 1) / 3)
  const bad = new Set(seats.filter((i) => options.nodes[i]!.strategies.length > 0))
  // Until the attestation of this epoch can be deep enough; from the epoch before's, because this one builds on it.
  const window: Span = { from: epoch * epochMs, to: (epoch + 1.75) * epochMs }
  for (const i of seats) {
    const joins = options.nodes[i]!.joinsAtMs
    // Without a journal the first epochs after a start are left out.
    if (joins > 0 && window.from < joins + 2 * epochMs) bad.add(i)
  }
  for (const fault of options.faults) {
    const span = spanOf(fault, epochMs)
    if (span.to < window.from || span.from > window.to) continue
    if (fault.kind === 'reorg' && fault.depth <= CONFIRMATIONS) continue
    if (!('node' in fault)) return false
    bad.add(fault.node)
  }
  return [...bad].filter((i) => seats.includes(i)).length <= f
}

export function seatsAt(options: SimOptions, epoch: number): readonly number[] {
  const { rotation, nodes } = options
  if (!rotation) return nodes.map((_, i) => i)
  return epoch < rotation.atEpoch ? rotation.before : rotation.after
}
