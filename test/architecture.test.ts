/** The tree's shape as a check: which folder may import which, what the pure folders may reach, how long a file may be. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, it } from 'node:test'

const ROOT = resolve(import.meta.dirname, '..')
const PURE = ['core', 'scoring', 'oracle']

/** Folders under src/ that a folder may import besides itself. `node` is the composition root and sees everything. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  scoring: ['core'],
  oracle: ['core', 'scoring'],
  p2p: ['core'],
  storage: ['core'],
  chain: ['core'],
  observability: ['core'],
  market: ['core'],
  provider: ['core', 'scoring', 'oracle', 'market'],
  consumer: ['core', 'scoring', 'oracle', 'market'],
  api: ['core', 'scoring'],
  node: [
    'core',
    'scoring',
    'oracle',
    'p2p',
    'storage',
    'chain',
    'observability',
    'market',
    'provider',
    'consumer',
    'api',
  ],
}

/** Files outside src/ that are data of the whole project, and the one file that may import each. */
const DATA_FILES: Readonly<Record<string, string>> = { 'package.json': 'src/node/version.ts' }

/** Packages that only one folder may import: an adapter exists so that nobody else has to know them. */
const PACKAGE_HOME: readonly [pattern: RegExp, folders: readonly string[]][] = [
  [/^(libp2p|@libp2p\/|@multiformats\/)/, ['p2p']],
  [/^(level|classic-level|abstract-level|datastore-level)/, ['storage', 'p2p']],
  [/^(@aws-sdk\/|@azure\/|@smithy\/)/, ['storage']],
  [/^viem/, ['chain']],
  [/^(pino|prom-client)/, ['observability']],
  [/^fastify|^@fastify\//, ['api']],
  [/^commander/, ['node']],
]

/** Packages that the pure folders may use: computation only. */
const PURE_PACKAGES = /^(@noble\/|hash-wasm$|cborg$|secp256k1$)/

/** Time, chance, timers, network and disk, as source text. */
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bperformance\.now\b|\bfetch\(|\bAbortSignal\.timeout\b|\bprocess\.(?:env|hrtime|nextTick)\b|\bcrypto\.(?:getRandomValues|randomUUID)\b/

interface SourceFile {
  path: string
  folder: string
  text: string
  imports: string[]
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

function load(pattern: string): SourceFile[] {
  return globSync(pattern, { cwd: ROOT })
    .filter((path) => !path.includes('/generated/'))
    .map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8')
      const imports = [...withoutComments(text).matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((m) => m[1]!)
      return { path, folder: path.split('/')[1]!, text, imports }
    })
}

const files = load('src/**/*.ts')

describe('architecture', () => {
  it('default: the source tree is there, in known folders', () => {
    assert.ok(files.length > 20)
    for (const file of files) assert.ok(MAY_IMPORT[file.folder], `${file.path}: no rule for src/${file.folder}`)
  })

  it('behavior: imports between folders point one way', () => {
    const wrong = files.flatMap((file) =>
      file.imports
        .filter((name) => name.startsWith('.'))
        .map((name) => relative(ROOT, resolve(ROOT, dirname(file.path), name)))
        .filter((target) => DATA_FILES[target] !== file.path)
        .filter((target) => {
          const folder = target.startsWith('src/') ? target.split('/')[1]! : 'outside'
          return folder !== file.folder && !MAY_IMPORT[file.folder]!.includes(folder)
        })
        .map((target) => `${file.path} → ${target}`),
    )
    assert.deepEqual(wrong, [])
  })

  it('behavior: each library has one home', () => {
    const wrong = files.flatMap((file) =>
      file.imports
        .filter((name) => PACKAGE_HOME.some(([pattern, homes]) => pattern.test(name) && !homes.includes(file.folder)))
        .map((name) => `${file.path} → ${name}`),
    )
    assert.deepEqual(wrong, [])
  })

  it('behavior: gossipsub is imported in one file', () => {
    const importers = files.filter((file) => file.imports.some((name) => name === '@libp2p/gossipsub'))
    assert.ok(importers.length <= 1, importers.map((file) => file.path).join(', '))
  })

  it('behavior: the pure folders compute and do nothing else', () => {
    const wrong = files
      .filter((file) => PURE.includes(file.folder))
      .flatMap((file) => {
        const packages = file.imports.filter((name) => !name.startsWith('.') && !PURE_PACKAGES.test(name))
        const reach = withoutComments(file.text).match(IMPURE)
        return [...packages.map((name) => `${file.path} → ${name}`), ...(reach ? [`${file.path}: ${reach[0]}`] : [])]
      })
    assert.deepEqual(wrong, [])
  })

  it('behavior: no file is a room too big to know', () => {
    const long = [
      ...files,
      ...load('devnet/**/*.ts'),
      ...load('bench/**/*.ts'),
      ...load('web/**/*.{ts,tsx}'),
      ...load('contracts/src/**/*.sol'),
    ]
      .map((file) => ({ path: file.path, lines: file.text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > 400)
    assert.deepEqual(long, [])
  })

  it('behavior: each file says first what it is about', () => {
    const mute = files.filter((file) => !/^(?:#!.*\n)?\s*\/(?:\*\*|\/)/.test(file.text)).map((file) => file.path)
    assert.deepEqual(mute, [])
  })

  it('behavior: no test is switched off, alone, asleep or tried again', () => {
    const wrong = globSync('test/**/*.ts', { cwd: ROOT })
      .filter((path) => path !== 'test/architecture.test.ts')
      .flatMap((path) => {
        const text = withoutComments(readFileSync(join(ROOT, path), 'utf8'))
        const found = text.match(
          /\b(?:it|describe|test)\.(?:skip|only|todo)\b|\bsetTimeout\(|timers\/promises|\bretries\s*:/,
        )
        return found ? [`${path}: ${found[0]}`] : []
      })
    assert.deepEqual(wrong, [])
  })
})
