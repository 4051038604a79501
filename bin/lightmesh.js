#!/usr/bin/env node
// The `lightmesh` program. Types are stripped by Node itself; this file names the entries and keeps compiled code.
import module from 'node:module'
import { join } from 'node:path'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `lightmesh: Node 22.18 or newer is needed, this is ${process.version}; npm start brings its own\n`,
  )
  process.exit(1)
}
// Seven nodes of a devnet, or one node after an upgrade, compile the same files: a third of the start-up time otherwise.
module.enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'lightmesh'))
const { main } = await import('../src/node/cli.ts')
const code = await main(process.argv.slice(2), {
  devnet: async (args) => (await import('../devnet/main.ts')).runDevnet(args),
})
// Everything was stopped and written; an idle keep-alive connection must not hold the process for seconds more.
process.exit(code)
