/** Local files as uploads and downloads. A download is complete or not there: it takes its name at the end. */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import type { UploadSource } from '../object-transfer.ts'

/** @throws {Error} when there is no such regular file. */
export async function fileSource(path: string): Promise<UploadSource> {
  const { size, isFile } = await stat(path).then((found) => ({ size: found.size, isFile: found.isFile() }))
  if (!isFile) throw new Error(`${path} is not a file`)
  return { bytes: size, open: ({ start, end }) => (size === 0 ? nothing() : createReadStream(path, { start, end })) }
}

async function* nothing(): AsyncIterable<Uint8Array> {}

/** Writes beside the target and renames. @returns bytes written. */
export async function writeFileWhole(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const partial = `${path}.${randomBytes(4).toString('hex')}.part`
  let bytes = 0
  const file = await open(partial, 'wx', 0o600)
  try {
    for await (const chunk of chunks) {
      await file.writeFile(chunk)
      bytes += chunk.length
    }
    await file.sync()
  } catch (error) {
    await file.close()
    await rm(partial, { force: true })
    throw error
  }
  await file.close()
  await rename(partial, path)
  return bytes
}
