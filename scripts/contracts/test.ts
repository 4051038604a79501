/**
 * `npm run test:contracts [-- --long] [forge test options]`: unit, fuzz and invariant tests of the contracts, run against the
 * very creation code that is committed and deployed. Exits as Forge does; stale generated files fail first.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runForge } from './forge.ts'

const args = process.argv.slice(2)
const check = spawnSync(process.execPath, [fileURLToPath(new URL('./build.ts', import.meta.url)), '--check'], {
  stdio: 'inherit',
})
if (check.status !== 0) {
  process.exitCode = 1
} else {
  const profile = args.includes('--long') ? 'long' : 'default'
  const { code } = await runForge(['test', ...args.filter((arg) => arg !== '--long')], { profile })
  process.exitCode = code
}
