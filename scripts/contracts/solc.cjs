#!/usr/bin/env node
/**
 * What Forge takes for a native `solc`: answers `--version`, and pipes standard JSON through solc-js. Forge would
 * otherwise download a compiler; this one is installed by the lock file like every other dependency.
 */
const { readFileSync } = require('node:fs')
const solc = require('solc')

if (process.argv.includes('--version')) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`)
} else {
  const output = solc.compile(readFileSync(0, 'utf8'))
  process.stdout.write(output)
}
