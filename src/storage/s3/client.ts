/** The AWS SDK's client, set up for servers that are not Amazon's. */
import type { S3Client } from '@aws-sdk/client-s3'
import type { S3Config } from './config.ts'

export type S3Sdk = typeof import('@aws-sdk/client-s3')

const CONNECT_TIMEOUT_MS = 10_000
/** Without any byte; not the length of a transfer. */
const IDLE_TIMEOUT_MS = 30_000
const MAX_SOCKETS = 64

const nothing = () => {}

export function createS3Client(sdk: S3Sdk, { endpoint, region, keys, pathStyle, ca }: S3Config): S3Client {
  return new sdk.S3Client({
    endpoint,
    region,
    forcePathStyle: pathStyle,
    credentials: {
      accessKeyId: keys.accessKeyId,
      secretAccessKey: keys.secretAccessKey,
      ...(keys.sessionToken !== undefined && { sessionToken: keys.sessionToken }),
    },
    // The default adds streaming trailers to every put: radosgw answers 411, Swift 501, others store the framing.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    // Without a logger the SDK warns on the console; what went wrong is in the error.
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      httpAgent: { maxSockets: MAX_SOCKETS },
      httpsAgent: { maxSockets: MAX_SOCKETS, ...(ca !== undefined && { ca }) },
    },
  })
}
