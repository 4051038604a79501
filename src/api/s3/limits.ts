/** What one request and one server may use at the most. */
export const LIMITS = {
  /** Path and query; keys of 1,024 bytes triple when percent-encoded, session tokens take the rest. @default 16 KiB */
  urlBytes: 16_384,
  /** All header lines; S3 allows 8 KiB and 2 KiB of metadata. @default 16 KiB */
  headerBytes: 16_384,
  /** Bodies that are read as a document (lists of parts or keys). @default 2 MiB, 10,000 parts take 1.2 MB */
  documentBytes: 2 << 20,
  /** A single PUT or part: S3's. @default 5 GiB */
  putBytes: 5 * 2 ** 30,
  /** @default S3's 2 KiB */
  metadataBytes: 2048,
  /** A line of aws-chunked framing: size, extension and a signature of 64 digits. */
  chunkLineBytes: 512,
  /** Trailer lines of one body. */
  trailers: 8,
  /** Signed requests may be this far from our clock. @default S3's 15 minutes */
  skewMs: 15 * 60_000,
  /** Longest life of a presigned URL. @default S3's 7 days */
  presignSeconds: 604_800,
  /** Nothing sent or received for so long ends a connection. */
  idleMs: 30_000,
  headersMs: 20_000,
  /** Open connections; more are refused by the listener. */
  connections: 1024,
  /** Body bytes of a refused request that are read and thrown away so that the client sees the answer. */
  drainBytes: 8 << 20,
  deleteKeys: 1000,
} as const
