/** Numbers that bound the catalogue and its synchronisation (docs/mesh.md 7). */

/** Units whose adverts are kept; ~1 KiB each in memory. The chain's deposit per unit is the other bound. */
export const MAX_ENTRIES = 100_000
/**
 * A heartbeat changes nothing but a number and an expiry. It is written to disk at this interval only, so that ten
 * thousand units do not cost hundreds of writes a second; two hours of life leave enough after a restart.
 */
export const STORE_HEARTBEAT_MS = 10 * 60_000
/** Operations of one batch to the store. */
export const FLUSH_BATCH = 2_000

/** By the first byte of the unit id. */
export const BUCKETS = 256
export const FINGERPRINT_BYTES = 8
/** Adverts of one page, by bytes: some 600 of them, 0.1 s of signature checks. */
export const MAX_PAGE_BYTES = 256 * 1024
export const MAX_SUMMARY_BYTES = BUCKETS * (FINGERPRINT_BYTES + 4) + 16
export const MAX_PAGE_REQUEST_BYTES = 64
/** Peers that a sync compares. */
export const SYNC_PEERS = 4
/** Pages asked for at once: half of what one peer answers at a time. */
export const SYNC_CONCURRENCY = 8
export const SYNC_TIMEOUT_MS = 10_000
/**
 * Adverts of one peer that this node's chain does not know, in one comparison. A peer may be some blocks ahead; more than
 * this is no use to anybody, whoever is right, and invented units cost the peer nothing.
 */
export const MAX_UNKNOWN_PER_PEER = 2_048
