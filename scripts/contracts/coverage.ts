/**
 * `npm run coverage:contracts`: branch coverage of contracts/src, printed by file and in total; fails under 95 %. Coverage needs
 * the sources' own, instrumented code, so this is the one run that does not test the deployed one.
 */
import { runForge } from './forge.ts'

const LEAST_PERCENT = 95
/** `| path | lines | statements | branches % (hit/found) | functions |` */
const ROW = /^\|\s*(contracts\/src\/\S+)\s*\|[^|]*\|[^|]*\|\s*\S+\s*\((\d+)\/(\d+)\)\s*\|/

process.env.LIGHTMESH_COVERAGE = 'true'
const { code, output } = await runForge(['coverage', '--report', 'summary', '--exclude-tests'], {
  profile: 'coverage',
  stdio: 'pipe',
})
if (code !== 0) {
  process.stderr.write(output)
  process.exit(code)
}
let hit = 0
let found = 0
for (const line of output.split('\n')) {
  const [, file, fileHit, fileFound] = ROW.exec(line) ?? []
  if (file === undefined) continue
  hit += Number(fileHit)
  found += Number(fileFound)
  process.stdout.write(`${(`${fileHit}/${fileFound}`).padStart(9)} branches  ${file}\n`)
}
const percent = (100 * hit) / found
process.stdout.write(`${percent.toFixed(2)} % of ${found} branches\n`)
if (!(percent >= LEAST_PERCENT)) {
  process.stderr.write(`under ${LEAST_PERCENT} %\n`)
  process.exitCode = 1
}
