/** The Content-Range of an answer, held against what was asked. */
import { type ByteRange, StorageError } from '../core/ports/storage.ts'

/**
 * The range that was sent and the object's length; `undefined` when no range was asked for.
 * @throws {StorageError} `range-invalid` when the object ends before it, `malformed-response` for any other range.
 */
export function answeredRange(
  asked: ByteRange | undefined,
  header: string | undefined,
): { range: ByteRange; bytes: number } | undefined {
  if (!asked) return undefined
  const [, from, to, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header ?? '') ?? []
  const [start, end, bytes] = [Number(from), Number(to), Number(total)]
  if (asked.start >= bytes) throw new StorageError('range-invalid', `the object has ${bytes} bytes`)
  if (start !== asked.start || end !== Math.min(asked.end, bytes - 1))
    throw new StorageError('malformed-response', 'the server sends another range than it was asked for')
  return { range: { start, end }, bytes }
}
