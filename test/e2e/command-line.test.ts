/** Mistakes on the command line: one clear line and exit code 2, before anything is started. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { runDevnet, temporaryFolders } from './support/run-devnet.ts'

async function refused(args: readonly string[], expected: RegExp, how: 'npm' | 'node' = 'node') {
  const before = temporaryFolders()
  const run = runDevnet(args, how)
  const { code, stdout } = await run.exited
  assert.equal(code, 2)
  assert.equal(stdout, '')
  assert.equal(run.lines.length, 1, run.lines.join('\n'))
  assert.match(run.lines[0]!, expected)
  assert.deepEqual(temporaryFolders(), before)
}

describe('the devnet command line', () => {
  it('default: --help explains every flag and exits with 0', async () => {
    const { code, stdout } = await runDevnet(['--help']).exited
    assert.equal(code, 0)
    for (const flag of [
      '--nodes',
      '--epochs',
      '--epoch-seconds',
      '--seed',
      '--rpc-port',
      '--api-port',
      '--ready-file',
      '--json',
    ])
      assert.ok(stdout.includes(flag), flag)
  })
  it('error: an unknown flag', () => refused(['--nodez', '5'], /unknown option '--nodez'/))
  it('error: an unknown flag through npm start', () => refused(['--nodez'], /unknown option '--nodez'/, 'npm'))
  it('error: too few nodes', () => refused(['--nodes', '3'], /--nodes.*from 4 to 31/))
  it('error: too many nodes', () => refused(['--nodes', '32'], /--nodes.*from 4 to 31/))
  it('error: a number that is none', () => refused(['--epochs', 'many'], /--epochs.*whole number/))
  it('error: an argument that belongs nowhere', () => refused(['forever'], /too many arguments/))
  it('error: epochs too short for so many nodes', () =>
    refused(['--nodes', '31', '--epoch-seconds', '12'], /too short for 31 nodes/))
  it('error: a ready file in a folder that is not there', () =>
    refused(['--ready-file', '/nowhere/at/all/ready.json'], /no folder \/nowhere\/at\/all/))
  it('error: a ready file that is a folder', () => refused(['--ready-file', '/'], /this is a folder/))
  it('error: a ready file where nobody can write', () =>
    refused(['--ready-file', '/proc/ready.json'], /can't write in \/proc: E/))
  it('error: an S3 server without its keys', () =>
    refused(['--s3-endpoint', 'http://127.0.0.1:9'], /needs --s3-access-key/))

  for (const flag of ['--rpc-port', '--api-port']) {
    it(`error: ${flag} in use`, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as { port: number }
      try {
        await refused([flag, `${port}`], new RegExp(`${flag} ${port}: the port is in use`))
      } finally {
        server.close()
      }
    })
  }
})
