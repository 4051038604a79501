// Completes package-lock.json with the optional platform packages that the registry in use does not serve.
//
// npm leaves such a package out of the lock without a word, and `npm ci` then refuses the lock with EUSAGE ("Missing …
// from lock file"). An entry that names version, os, cpu and libc, without an integrity hash, satisfies `npm ci`: the
// package is not for this platform, so it is never fetched. Run by `npm run lock` after each change of a dependency.
import { readFileSync, writeFileSync } from 'node:fs'
import { isInstalled, writeStamp } from './install-stamp.mjs'

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))

// Platform names as they occur in packages' names → npm's own.
const OS = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  openharmony: 'openharmony',
  win32: 'win32',
}
const CPU = {
  x64: 'x64',
  amd64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
}

/** `{os, cpu, libc?}` as the package's name tells them; throws for a name that tells nothing, or that is this platform's. */
function platformOf(name) {
  const words = name.split('/').at(-1).split('-')
  const os = words.map((w) => OS[w]).find(Boolean)
  const cpu = words.map((w) => CPU[w]).find(Boolean)
  if (!os || !cpu) throw new Error(`${name}: no platform in its name; add it to scripts/complete-lock.mjs by hand`)
  const musl = words.some((w) => w.startsWith('musl'))
  return { os: [os], cpu: [cpu], ...(musl ? { libc: ['musl'] } : {}) }
}

let added = 0
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    // Node's own look-up order: beside the dependent first, then up to the root.
    const nested = path === '' ? [] : [`${path}/node_modules/${name}`]
    if ([...nested, `node_modules/${name}`].some((p) => lock.packages[p])) continue
    if (!/^\d/.test(version)) throw new Error(`${name}@${version}: not an exact version; add it by hand`)
    lock.packages[`node_modules/${name}`] = { version, optional: true, ...platformOf(name) }
    added++
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
const installed = isInstalled()
if (added > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
// What is installed is what the lock names, before and after: nothing to install anew.
if (installed) writeStamp()
console.log(`package-lock.json: ${added} platform entries added`)
