/**
 * The follower's memory across restarts: settled rows as they are, the logs above them as they came. One batch per step,
 * so a crash leaves the state of some step. Nothing here is precious: what is damaged is downloaded again.
 */
import type { KeyValueStore, StoreOperation } from '../../core/ports/key-value-store.ts'
import type { BlockHeader, ChainNetwork } from '../api.ts'
import type { RawLog } from '../events.ts'
import type { SettledRow } from '../projection/projection.ts'
import { TABLE_NAMES, type Tables } from '../projection/tables.ts'
import { decodeValue, encodeValue } from './value-codec.ts'

/** Raised when rows or logs change their form: an older store is then downloaded again. */
const FORMAT = 1
const META = 'chain/meta'
const ROWS = 'chain/row/'
const LOGS = 'chain/log/'
/** Operations of one batch while wiping. */
const WIPE_BATCH = 1_000

export interface TimedLog extends RawLog {
  /** Unix seconds of its block. */
  timestamp: number
}

export interface CursorMeta {
  format: number
  network: ChainNetwork
  tip: BlockHeader
  /** Block up to which the rows are settled. */
  pruned: number
  /** Header of that block. */
  settled: BlockHeader | undefined
}

export interface LoadedCursor {
  meta: CursorMeta
  rows: { table: keyof Tables; key: string; value: unknown }[]
  logs: TimedLog[]
}

const padded = (value: number, digits: number) => String(value).padStart(digits, '0')
const logKey = (block: number, index = 0) => `${LOGS}${padded(block, 16)}/${padded(index, 10)}`
const after = (prefix: string) => `${prefix.slice(0, -1)}0`

export interface CursorStore {
  /** `undefined` when there is nothing, or nothing that can be used. */
  load(): Promise<LoadedCursor | undefined>
  /** Constants of the network of the last run. */
  network(): Promise<ChainNetwork | undefined>
  save(step: {
    meta: Omit<CursorMeta, 'format'>
    logs: readonly TimedLog[]
    settled: readonly SettledRow[]
    /** Logs up to here are in the settled rows now. */
    dropLogsUpTo: number
  }): Promise<void>
  /** After a reorg. */
  truncate(block: number, meta: Omit<CursorMeta, 'format'>): Promise<void>
  wipe(): Promise<void>
}

export function createCursorStore(store: KeyValueStore): CursorStore {
  const metaOperation = (meta: Omit<CursorMeta, 'format'>): StoreOperation => ({
    type: 'put',
    key: META,
    value: encodeValue({ ...meta, format: FORMAT }),
  })
  const readMeta = async (): Promise<CursorMeta | undefined> => {
    const bytes = await store.get(META)
    if (bytes === undefined) return undefined
    const meta = decodeValue(bytes) as CursorMeta
    return meta.format === FORMAT ? meta : undefined
  }
  const deletions = async (gte: string, lt: string): Promise<StoreOperation[]> => {
    const operations: StoreOperation[] = []
    for await (const [key] of store.entries({ gte, lt })) operations.push({ type: 'del', key })
    return operations
  }
  return {
    async load() {
      const meta = await readMeta()
      if (meta === undefined) return undefined
      const rows: LoadedCursor['rows'] = []
      for await (const [key, bytes] of store.entries({ gte: ROWS, lt: after(ROWS) })) {
        const [table, ...rest] = key.slice(ROWS.length).split('/')
        if (TABLE_NAMES.includes(table as keyof Tables))
          rows.push({ table: table as keyof Tables, key: rest.join('/'), value: decodeValue(bytes) })
      }
      const logs: TimedLog[] = []
      for await (const [, bytes] of store.entries({ gte: LOGS, lt: after(LOGS) }))
        logs.push(decodeValue(bytes) as TimedLog)
      return { meta, rows, logs }
    },
    network: async () => (await readMeta())?.network,
    async save({ meta, logs, settled, dropLogsUpTo }) {
      const operations: StoreOperation[] = logs.map((log) => ({
        type: 'put',
        key: logKey(log.blockNumber, log.logIndex),
        value: encodeValue(log),
      }))
      if (settled.length > 0 || dropLogsUpTo >= 0) operations.push(...(await deletions(LOGS, logKey(dropLogsUpTo + 1))))
      // Logs that were settled in the step that brought them are not kept either.
      const kept = operations.filter(({ type, key }) => type === 'del' || key >= logKey(dropLogsUpTo + 1))
      for (const { table, key, value } of settled) {
        const rowKey = `${ROWS}${table}/${key}`
        kept.push(
          value === undefined ? { type: 'del', key: rowKey } : { type: 'put', key: rowKey, value: encodeValue(value) },
        )
      }
      await store.batch([...kept, metaOperation(meta)])
    },
    async truncate(block, meta) {
      await store.batch([...(await deletions(logKey(block + 1), after(LOGS))), metaOperation(meta)])
    },
    async wipe() {
      // The meta first: a wipe that is cut off must not look like a state.
      await store.batch([{ type: 'del', key: META }])
      for (const prefix of [ROWS, LOGS]) {
        const operations = await deletions(prefix, after(prefix))
        for (let i = 0; i < operations.length; i += WIPE_BATCH) await store.batch(operations.slice(i, i + WIPE_BATCH))
      }
    },
  }
}
