/**
 * `npm run test:contracts [-- --long] [forge test options]`: unit, fuzz and invariant tests of the contracts, run against the
 * very creation code that is committed and deployed. Exits as Forge does; stale generated files fail first, and so does an
 * invariant handler of which fewer than 5 % of the calls to a function change anything: it would prove nothing.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runForge } from './forge.ts'

const LEAST_SHARE = 0.05
const ROW = /^\|\s*(\w+Handler)\s*\|\s*(\w+)\s*\|\s*(\d+)\s*\|\s*(\d+)\s*\|\s*(\d+)\s*\|$/

export interface CallShare {
  handler: string
  call: string
  calls: number
  changing: number
}

/** Calls of each handler function, summed over Forge's tables of metrics. A handler reverts when it found nothing to do. */
export function callShares(output: string): CallShare[] {
  const shares = new Map<string, CallShare>()
  for (const line of output.split('\n')) {
    const [, handler, call, calls, reverts, discards] = ROW.exec(line.trim()) ?? []
    if (handler === undefined || call === undefined) continue
    const key = `${handler}.${call}`
    const share = shares.get(key) ?? { handler, call, calls: 0, changing: 0 }
    share.calls += Number(calls)
    share.changing += Number(calls) - Number(reverts) - Number(discards)
    shares.set(key, share)
  }
  return [...shares.values()]
}

function printShares(shares: readonly CallShare[]): boolean {
  if (shares.length === 0) return true
  process.stdout.write('\nstate-changing calls of the invariant handlers\n')
  for (const { handler, call, calls, changing } of shares) {
    const percent = ((100 * changing) / calls).toFixed(1).padStart(5)
    process.stdout.write(`  ${percent} %  ${handler}.${call} (${changing} of ${calls})\n`)
  }
  const idle = shares.filter(({ calls, changing }) => changing < LEAST_SHARE * calls)
  for (const { handler, call } of idle) process.stderr.write(`under 5 %: ${handler}.${call}\n`)
  return idle.length === 0
}

async function main(args: readonly string[]): Promise<number> {
  const build = fileURLToPath(new URL('./build.ts', import.meta.url))
  if (spawnSync(process.execPath, [build, '--check'], { stdio: 'inherit' }).status !== 0) return 1
  const profile = args.includes('--long') ? 'long' : 'default'
  const forge = ['test', ...args.filter((arg) => arg !== '--long')]
  const { code, output } = await runForge(forge, { profile, stdio: 'pipe' })
  // The tables are summed up below, the compiler's warnings are for whoever builds.
  const lines = output.split('\n').filter((line) => !/^[|+╭╰]/.test(line) && line !== '')
  process.stdout.write(`${lines.slice(lines.findIndex((line) => line.startsWith('Ran '))).join('\n')}\n`)
  return code === 0 && !printShares(callShares(output)) ? 1 : code
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
