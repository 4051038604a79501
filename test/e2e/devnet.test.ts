/** The main job, end to end: three epochs attested, a provider paid, nothing left; and nobody knows another's secret. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { azureAccountKey } from '../../devnet/backends.ts'
import { deriveSecret, nodeKeys } from '../../devnet/keys.ts'
import type { DevnetResult } from '../../devnet/result.ts'
import { descendants, type Footprint, footprintOf, leftOf, parseResult, ROOT, runDevnet } from './support/run-devnet.ts'

const SEED = 'end to end'

/** Every file below a folder, as latin1 text so that bytes compare as they are. */
function filesBelow(folder: string): { file: string; text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
    .map((file) => ({ file, text: readFileSync(file, 'latin1') }))
}

interface Secret {
  owner: string
  what: string
  forms: string[]
}

const forms = (bytes: Uint8Array) => {
  const buffer = Buffer.from(bytes)
  return [buffer.toString('hex'), buffer.toString('base64'), buffer.toString('latin1')]
}

/** Every secret of a run with this seed, by who may have it. */
function secretsOf(nodes: number): Secret[] {
  const secrets: Secret[] = []
  for (let i = 0; i < nodes; i++) {
    const keys = nodeKeys(SEED, i)
    const owner = `node-${i}`
    secrets.push({ owner, what: 'node key', forms: forms(keys.node.privateKey) })
    secrets.push({ owner, what: 'passphrase', forms: [keys.passphrase] })
    secrets.push({ owner, what: 'oracle seed', forms: forms(keys.oracleSeed) })
    secrets.push({ owner: 'launcher', what: `operator ${i}`, forms: forms(keys.operator.privateKey) })
  }
  const azure = Buffer.from(azureAccountKey(SEED), 'base64')
  secrets.push({ owner: 'node-1', what: 'S3 secret', forms: [deriveSecret(SEED, 's3 secret key', 40)] })
  secrets.push({ owner: 'node-2', what: 'Azure account key', forms: forms(azure) })
  secrets.push({ owner: 'consumer', what: 'passphrase', forms: [deriveSecret(SEED, 'consumer passphrase')] })
  return secrets
}

/** Servers know the secrets that they check. */
const SERVER_OF: Record<string, string> = { s3: 'node-1', azurite: 'node-2' }

function assertNoForeignSecrets(launcher: number, folder: string, nodes: number) {
  const secrets = secretsOf(nodes)
  const processes = descendants(launcher)
  const owners = new Set<string>()
  for (const { command, environment, folder: cwd, pid } of processes) {
    const owner =
      /lightmesh-devnet-[^/]+\/([^/]+)$/.exec(cwd)?.[1] ?? SERVER_OF[/azurite/.test(command) ? 'azurite' : 's3']!
    owners.add(owner)
    for (const secret of secrets) {
      if (secret.owner === owner) continue
      for (const form of secret.forms) {
        assert.ok(
          !command.includes(form),
          `${owner} (${pid}) has the ${secret.what} of ${secret.owner} in its arguments`,
        )
        assert.ok(
          !environment.includes(form),
          `${owner} (${pid}) has the ${secret.what} of ${secret.owner} in its environment`,
        )
      }
    }
  }
  for (let i = 0; i < nodes; i++) {
    const owner = `node-${i}`
    assert.ok(owners.has(owner), `${owner} was looked at`)
    const files = filesBelow(join(folder, owner))
    assert.ok(files.some(({ file }) => file.endsWith('key.json')))
    for (const secret of secrets) {
      if (secret.owner === owner) continue
      for (const { file, text } of files)
        for (const form of secret.forms)
          assert.ok(!text.includes(form), `${file} has the ${secret.what} of ${secret.owner}`)
    }
  }
}

function assertAttestations({ attestations, quorum, nodes }: DevnetResult, least: number) {
  assert.ok(attestations.length >= least, `${attestations.length} attestations`)
  const members = new Set(nodes.map(({ address }) => address))
  for (const { signers, root, gasUsed, msAfterProposal } of attestations) {
    assert.ok(signers.length >= quorum)
    assert.equal(new Set(signers).size, signers.length)
    for (const signer of signers) assert.ok(members.has(signer), `${signer} is a node`)
    assert.match(root, /^0x[0-9a-f]{64}$/)
    assert.ok(gasUsed > 21_000)
    assert.ok(msAfterProposal >= 0 && msAfterProposal < 30_000, `${msAfterProposal} ms`)
  }
  assert.deepEqual(
    attestations.slice(1).map(({ prevEpoch }) => prevEpoch),
    attestations.slice(0, -1).map(({ epoch }) => epoch),
  )
}

describe('devnet', () => {
  it('default: three epochs attested, files stored and read back, a provider paid, nothing left behind', async () => {
    const run = runDevnet(['--epochs', '3', '--json', '--seed', SEED])
    await run.line(/consumer up/)
    const first = await run.line(/epoch \d+ attested/)
    assert.ok(Number.parseFloat(first) < 60, `first attestation: ${first}`)
    const footprint: Footprint = footprintOf(run.pid)
    assert.ok(footprint.pids.length >= 7 + 4, `${footprint.pids.length} processes`)
    assert.ok(footprint.ports.length >= 7 * 2 + 3, `${footprint.ports.length} ports`)
    assert.equal(footprint.folders.length, 1)
    assertNoForeignSecrets(run.pid, footprint.folders[0]!, 7)

    const { code, stdout } = await run.exited
    assert.equal(code, 0, run.lines.join('\n'))
    const result = parseResult(stdout)
    assert.deepEqual(await leftOf(footprint), [])
    assertAttestations(result, 3)
    assert.equal(result.quorum, 5)
    assert.equal(result.nodes.length, 7)
    assert.equal(result.nodes.filter(({ roles }) => roles.includes('provider')).length, 3)
    assert.ok(result.nodes.every(({ roles }) => roles.includes('oracle')))
    assert.deepEqual(result.backends.map(({ kind }) => kind).sort(), ['azure-blob', 'disk', 's3'])
    assert.deepEqual(result.units.map(({ kind }) => kind).sort(), ['azure-blob', 'disk', 's3'])
    for (const unit of result.units) assert.equal(unit.availabilityPpm, 1_000_000, `${unit.kind} was measured`)
    assert.ok(
      result.reservations.some(({ paid }) => BigInt(paid) > 0n),
      JSON.stringify(result.reservations),
    )
    for (const { deposited, paid, refunded } of result.reservations)
      assert.ok(BigInt(paid) + BigInt(refunded) <= BigInt(deposited))
    assert.deepEqual(result.lost, [])
    assert.ok(run.lines.some((line) => /consumer stored \d+ bytes/.test(line)))
  })

  it('behavior: under --ready-file the roots are in the ring and the signers recover from calldata', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lightmesh-e2e-'))
    const file = join(folder, 'ready.json')
    const run = runDevnet(['--nodes', '4', '--ready-file', file, '--json'])
    try {
      await run.line(/epoch \d+ attested/)
      await run.line(/ready file written/)
      const verified = await promisify(execFile)(process.execPath, [
        ...[join(ROOT, 'scripts/verify-attestations.ts'), file, '--json'],
      ])
      const result = JSON.parse(readFileSync(file, 'utf8')) as DevnetResult
      assert.equal(result.quorum, 3)
      assert.deepEqual(
        (JSON.parse(verified.stdout) as { verified: { epoch: number }[] }).verified.map(({ epoch }) => epoch),
        result.attestations.map(({ epoch }) => epoch),
      )
      assert.ok(result.attestations.length > 0)
      assert.equal(run.child.exitCode, null)
      const footprint = footprintOf(run.pid)
      run.child.kill('SIGTERM')
      const { code, stdout } = await run.exited
      assert.equal(code, 0)
      assert.ok(parseResult(stdout).attestations.length >= result.attestations.length)
      assert.deepEqual(await leftOf(footprint), [])
    } finally {
      run.child.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    }
  })
})
