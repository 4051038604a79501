/** `npm run test:contracts [-- --long] [forge test options]`: unit, fuzz and invariant tests of the contracts; exits as Forge does. */
import { runForge } from './forge.ts'

const args = process.argv.slice(2)
const long = args.includes('--long')
const { code } = await runForge(['test', ...args.filter((arg) => arg !== '--long')], {
  profile: long ? 'long' : 'default',
})
process.exitCode = code
