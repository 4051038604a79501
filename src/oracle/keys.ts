/** Where the engine keeps things in the key-value store. Epochs are padded so that keys sort as the epochs do. */
import type { Epoch } from '../core/ids.ts'

/** 13 digits hold every `uint40`. */
export function epochKey(prefix: string, epoch: Epoch, rest = ''): string {
  return `${prefix}${String(epoch).padStart(13, '0')}${rest}`
}

export const PREFIX = {
  /** Left out of backups: docs/protocol.md 11. */
  journal: 'oracle/journal/entry/',
  journalMarker: 'oracle/journal/marker',
  state: 'oracle/state/',
  bundle: 'oracle/bundle/',
  /** What this node signed, with its result: until the chain has decided, nobody else may have it. */
  signed: 'oracle/signed/',
  /** Own batches, from the commit on. */
  batch: 'oracle/batch/',
  /** Messages of oracles that contradicted themselves. */
  equivocation: 'oracle/equivocation/',
  /** Own results that differ from an accepted root. */
  divergence: 'oracle/divergence/',
} as const
