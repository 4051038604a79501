/**
 * Two nodes that can't dial each other talk through a third. Each is a process in a network namespace of its own; the
 * relay's has a link to each of the others, and nothing is routed between them.
 */
import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'

const run = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
const NAMES = ['relay', 'hidden', 'asker'].map((role) => `lightmesh-${role}-${process.pid}`) as [string, string, string]
const NODE = new URL('./relay-node.ts', import.meta.url).pathname

/** Creating a namespace takes rights that a container may not have. */
function namespacesAllowed(): boolean {
  try {
    run('netns', 'add', NAMES[0])
    run('netns', 'delete', NAMES[0])
    return true
  } catch {
    return false
  }
}

/** A link between the relay's namespace and another one: 10.77.<net>.1 and 10.77.<net>.2. */
function link(other: string, net: number): void {
  const [near, far] = [`lm${net}a${process.pid}`, `lm${net}b${process.pid}`]
  run('link', 'add', near, 'netns', NAMES[0], 'type', 'veth', 'peer', 'name', far, 'netns', other)
  for (const [namespace, device, host] of [
    [NAMES[0], near, 1],
    [other, far, 2],
  ] as const) {
    run('-n', namespace, 'addr', 'add', `10.77.${net}.${host}/24`, 'dev', device)
    run('-n', namespace, 'link', 'set', device, 'up')
    run('-n', namespace, 'link', 'set', 'lo', 'up')
  }
}

interface NodeProcess {
  child: ChildProcessWithoutNullStreams
  /** The next line of JSON that it writes. */
  line(): Promise<Record<string, unknown>>
}

function startNode(namespace: string, ...args: string[]): NodeProcess {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, NODE, ...args])
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  return {
    child,
    async line() {
      const { value, done } = await lines.next()
      assert.ok(!done, `the node ended: ${errors}`)
      return JSON.parse(value)
    },
  }
}

describe('relay', {
  skip: namespacesAllowed() ? false : 'network namespaces are not allowed here',
  timeout: 90_000,
}, () => {
  const running: NodeProcess[] = []
  before(() => {
    for (const name of NAMES) run('netns', 'add', name)
    link(NAMES[1], 1)
    link(NAMES[2], 2)
  })
  after(async () => {
    await Promise.all(
      running.map(async ({ child }) => {
        if (child.exitCode !== null) return
        child.stdin.end()
        await once(child, 'exit')
      }),
    )
    for (const name of NAMES) run('netns', 'delete', name)
  })
  const start = (namespace: string, ...args: string[]) => {
    const node = startNode(namespace, ...args)
    running.push(node)
    return node
  }

  it('default', async () => {
    const relay = await start(NAMES[0], 'relay', '/ip4/0.0.0.0/tcp/4001').line()
    const peerId = String((relay.multiaddrs as string[])[0]).split('/p2p/')[1]
    const at = (net: number) => `/ip4/10.77.${net}.1/tcp/4001/p2p/${peerId}`
    const hidden = await start(NAMES[1], 'hidden', `/ip4/10.77.1.2/tcp/4001,${at(1)}/p2p-circuit`, at(1)).line()
    const asker = start(NAMES[2], 'asker', '/ip4/10.77.2.2/tcp/4001', at(2), String(hidden.address))
    assert.ok((await asker.line()).address)
    const { answer, via } = await asker.line()
    assert.equal(answer, 7)
    assert.match(String(via), /p2p-circuit/)
  })
})
