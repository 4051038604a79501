/** Numbers that bound adverts and offers (docs/mesh.md 6). All of them are protocol: nodes that differ here drop one another's messages. */

export const ADVERT_VERSION = 1
export const OFFER_VERSION = 1

/** An advert with a full body: 8 multiaddrs of 128 bytes and 300 bytes of fields. */
export const MAX_ADVERT_BYTES = 2_048
export const MAX_BODY_BYTES = 1_536
/** 13 fields of terms, a deadline and a signature. */
export const MAX_OFFER_BYTES = 512

export const MAX_MULTIADDRS = 8
export const MAX_MULTIADDR_CHARS = 128

/** An advert lives at most two hours: a provider that vanished is gone from every catalogue by then. */
export const MAX_ADVERT_SECONDS = 2 * 3_600
/** How far a node's clock may be off before its adverts look as if they lived too long. */
export const CLOCK_TOLERANCE_SECONDS = 30
/** A provider asks for its unit's registration again before this, with a new deadline. */
export const MAX_OFFER_SECONDS = 24 * 3_600

/**
 * A newer advert of the same unit within this time is dropped: one valid key can't make the network carry more than
 * that. A provider that changes its mind waits; its latest advert is sent again by the next heartbeat.
 */
export const MIN_ADVERT_INTERVAL_MS = 2_000

/** Topics over which adverts are spread by unit id, so that a node may carry a part of a large network's. */
export const ADVERT_SHARDS = 4
