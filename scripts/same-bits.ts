/**
 * `npm run test:bits [-- --write]`: the scoring's test vectors on Node 22, 24 and 26, each fetched through npx, against
 * test/unit/scoring/vectors.json. `--write` records the running Node's vectors instead: only for a new evaluator version.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { computeVectors } from '../test/unit/scoring/vectors.ts'

const GOLDEN = new URL('../test/unit/scoring/vectors.json', import.meta.url)
const VERSIONS = [22, 24, 26]
const text = `${JSON.stringify(computeVectors(), null, 2)}\n`

if (process.argv.includes('--write')) writeFileSync(GOLDEN, text)
else if (process.argv.includes('--check')) {
  const same = JSON.stringify(JSON.parse(text)) === JSON.stringify(JSON.parse(readFileSync(GOLDEN, 'utf8')))
  console.log(`node ${process.version}: ${same ? 'same bits' : 'DIFFERENT BITS'}`)
  if (!same) process.exitCode = 1
} else
  for (const version of VERSIONS)
    execFileSync('npx', ['-y', '-p', `node@${version}`, '--', 'node', import.meta.filename, '--check'], {
      stdio: 'inherit',
    })
