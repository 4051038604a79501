/** The additional checksums that S3 clients send in headers or trailers: base64 of the digest, big-endian. */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

export interface RunningChecksum {
  update(data: Uint8Array): void
  /** Base64. */
  digest(): string
}

export const CHECKSUM_ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number]

export function createChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case 'crc32':
      return crc32Checksum()
    case 'crc32c':
      return crc32cChecksum()
    case 'crc64nvme':
      return crc64Checksum()
    default: {
      const hash = createHash(algorithm)
      return { update: (data) => void hash.update(data), digest: () => hash.digest('base64') }
    }
  }
}

function crc32Checksum(): RunningChecksum {
  let value = 0
  return {
    update: (data) => {
      value = crc32(data, value)
    },
    digest: () => base64Of(value),
  }
}

/** Castagnoli, reflected. */
const CRC32C = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1
  return c
})

function crc32cChecksum(): RunningChecksum {
  let crc = 0xffffffff
  return {
    update: (data) => {
      for (let i = 0; i < data.length; i++) crc = (crc >>> 8) ^ CRC32C[(crc ^ data[i]!) & 255]!
    },
    digest: () => base64Of((crc ^ 0xffffffff) >>> 0),
  }
}

/** CRC-64/NVME, reflected polynomial 0x9a6c9329ac4bc9b5, as two halves: bigints would be 50 times slower. */
const CRC64 = (() => {
  const high = new Uint32Array(256)
  const low = new Uint32Array(256)
  for (let n = 0; n < 256; n++) {
    let [h, l] = [0, n]
    for (let k = 0; k < 8; k++) {
      const odd = l & 1
      l = ((l >>> 1) | (h << 31)) >>> 0
      h >>>= 1
      if (odd) [h, l] = [(h ^ 0x9a6c9329) >>> 0, (l ^ 0xac4bc9b5) >>> 0]
    }
    high[n] = h
    low[n] = l
  }
  return { high, low }
})()

function crc64Checksum(): RunningChecksum {
  let [h, l] = [0xffffffff, 0xffffffff]
  return {
    update: (data) => {
      for (let i = 0; i < data.length; i++) {
        const n = (l ^ data[i]!) & 255
        l = (((l >>> 8) | (h << 24)) ^ CRC64.low[n]!) >>> 0
        h = ((h >>> 8) ^ CRC64.high[n]!) >>> 0
      }
    },
    digest: () => base64Of((h ^ 0xffffffff) >>> 0, (l ^ 0xffffffff) >>> 0),
  }
}

function base64Of(...words: number[]): string {
  const bytes = Buffer.alloc(4 * words.length)
  for (const [i, word] of words.entries()) bytes.writeUInt32BE(word, 4 * i)
  return bytes.toString('base64')
}
