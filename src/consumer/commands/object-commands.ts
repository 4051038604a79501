/** Objects of a reservation: up, down, list, delete. */
import { basename } from 'node:path'
import type { TransferProgress } from '../object-transfer.ts'
import type { CommandRequest, ConsumerCommand } from './command.ts'
import { fileSource, writeFileWhole } from './file-source.ts'
import { formatBytes, optionText, parseReservation, table, wrong } from './values.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

export const objectCommands: readonly ConsumerCommand[] = [
  {
    name: 'put',
    description: 'Uploads a file, straight to the backend of the unit.',
    arguments: ['<reservation>', '<file>', '[key]'],
    options: [],
    async run(consumer, request) {
      const [reservation, file] = request.arguments
      if (!file) throw wrong('file', 'the path of a file to upload')
      const key = request.arguments[2] ?? basename(file)
      const source = await fileSource(file)
      const stored = await consumer.upload(parseReservation(reservation), key, source, transferOptions(request))
      const root = hex(stored.root)
      return {
        lines: [`${stored.key}: ${formatBytes(BigInt(stored.bytes))}, SHA-256 Merkle root ${root}`],
        json: { key: stored.key, bytes: stored.bytes, root },
      }
    },
  },
  {
    name: 'get',
    description: 'Downloads an object; each part of it is checked before it is written.',
    arguments: ['<reservation>', '<key>', '[file]'],
    options: [],
    async run(consumer, request) {
      const [reservation, key] = request.arguments
      if (!key) throw wrong('key', 'the name of an object, as `ls` shows it')
      const file = request.arguments[2] ?? basename(key)
      const id = parseReservation(reservation)
      const bytes = await writeFileWhole(file, consumer.download(id, key, transferOptions(request)))
      return { lines: [`${file}: ${formatBytes(BigInt(bytes))}`], json: { key, file, bytes } }
    },
  },
  {
    name: 'ls',
    description: 'Lists the objects of a reservation.',
    arguments: ['<reservation>'],
    options: [{ flag: '--prefix <text>', description: 'keys that begin so' }],
    async run(consumer, request) {
      const prefix = optionText(request, 'prefix')
      const objects = await consumer.list(parseReservation(request.arguments[0]), {
        signal: request.signal,
        ...(prefix !== undefined && { prefix }),
      })
      const rows = objects.map(({ key, bytes, root }) => [key, formatBytes(BigInt(bytes)), hex(root)])
      return {
        lines: objects.length === 0 ? ['no objects'] : table(['KEY', 'SIZE', 'ROOT'], rows),
        json: objects.map(({ key, bytes, root }) => ({ key, bytes, root: hex(root) })),
      }
    },
  },
  {
    name: 'rm',
    description: 'Deletes an object.',
    arguments: ['<reservation>', '<key>'],
    options: [],
    async run(consumer, request) {
      const [reservation, key] = request.arguments
      if (!key) throw wrong('key', 'the name of an object, as `ls` shows it')
      await consumer.delete(parseReservation(reservation), key, { signal: request.signal })
      return { lines: [`${key} deleted`], json: { key, deleted: true } }
    },
  },
]

/** A line for each tenth of the way. */
function transferOptions({ signal, progress }: CommandRequest) {
  if (!progress) return { signal }
  let told = 0
  const onProgress = ({ key, transferredBytes, totalBytes }: TransferProgress) => {
    const tenths = totalBytes === 0 ? 10 : Math.floor((transferredBytes * 10) / totalBytes)
    if (tenths <= told) return
    told = tenths
    progress(`${key}: ${tenths * 10} % of ${formatBytes(BigInt(totalBytes))}`)
  }
  return { signal, onProgress }
}
