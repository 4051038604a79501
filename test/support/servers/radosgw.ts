/** Ceph's radosgw as processes of its own, with a bucket called `unit`. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { freePort } from './free-port.ts'

export interface Radosgw {
  endpoint: string
  region: string
  keys: { accessKeyId: string; secretAccessKey: string }
  bucket: string
  version: string
  close(): Promise<void>
}

/** `undefined` where it is not installed. */
export function radosgwVersion(): string | undefined {
  try {
    return execFileSync('radosgw', ['--version'], { encoding: 'utf8', stdio: 'pipe' }).trim().split(' (')[0]
  } catch {
    return undefined
  }
}

export async function startRadosgw(): Promise<Radosgw> {
  const folder = await mkdtemp(join(tmpdir(), 'lightmesh-radosgw-'))
  const port = await freePort()
  const script = join(import.meta.dirname, 'radosgw.sh')
  const child = spawn('bash', [script, folder, String(port)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let ready = false
  for await (const line of createInterface(child.stdout)) {
    ready = line === 'ready'
    if (ready) break
  }
  if (!ready) throw new Error(`radosgw did not start; see ${folder}/log`)
  const radosgw: Radosgw = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'default',
    keys: { accessKeyId: 'testaccess', secretAccessKey: 'testsecret123' },
    bucket: 'unit',
    version: radosgwVersion() ?? '',
    async close() {
      child.stdin.end()
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
  const { endpoint, region, keys: credentials } = radosgw
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  await client.send(new CreateBucketCommand({ Bucket: radosgw.bucket }))
  client.destroy()
  return radosgw
}
