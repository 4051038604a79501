/** A body that is a document: read whole, verified, bounded. */
import { S3Error } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { S3Call } from './operation.ts'

/** @throws {S3Error} `EntityTooLarge` by its announced length. */
export async function readDocument(call: S3Call): Promise<string> {
  const { open } = call.payload(LIMITS.documentBytes)
  const chunks: Uint8Array[] = []
  for await (const chunk of open(call.source())) chunks.push(chunk)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (cause) {
    throw new S3Error('MalformedXML', 'the document is not UTF-8', { cause })
  }
}
