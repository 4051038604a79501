// Says whether node_modules holds what package-lock.json names: a stamp inside node_modules keeps the hash of the lock it
// was installed from. A folder's existence says nothing: it may be half installed, or belong to an older checkout.
// Plain JavaScript without dependencies: it runs before anything is installed, on any Node since 18.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')

const stampFile = (root) => join(root, 'node_modules', '.lock-hash')

/** SHA-256 of the lock file, in hex. */
export function lockHash(root = ROOT) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

/** True when node_modules was installed completely and from this very lock file. */
export function isInstalled(root = ROOT) {
  try {
    return readFileSync(stampFile(root), 'utf8').trim() === lockHash(root)
  } catch {
    return false
  }
}

export function writeStamp(root = ROOT) {
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writeFileSync(stampFile(root), `${lockHash(root)}\n`)
}

export function removeStamp(root = ROOT) {
  rmSync(stampFile(root), { force: true })
}

// As npm's `postinstall` script: npm runs it once everything else is in place.
if (process.argv[1] === fileURLToPath(import.meta.url)) writeStamp()
