/** The chain: anvil, one block a second. */
import { createRequire } from 'node:module'
import { type ManagedProcess, type Supervisor, whenReady } from '../supervisor.ts'

export const CHAIN_ID = 31_337

const PLATFORM = { darwin: 'darwin', linux: 'linux', win32: 'win32' }[process.platform as 'linux']
const CPU = process.arch === 'x64' ? 'amd64' : process.arch

/** The binary itself: npm's wrapper script would be one more process that can be orphaned. */
export function anvilBinary(): string {
  return createRequire(import.meta.url).resolve(
    `@foundry-rs/anvil-${PLATFORM}-${CPU}/bin/anvil${process.platform === 'win32' ? '.exe' : ''}`,
  )
}

export interface Chain {
  rpcUrl: string
  process: ManagedProcess
}

/** @param folder anvil's home: it keeps states of older blocks in `.foundry` there, and leaves them behind. */
export async function startAnvil(
  supervisor: Supervisor,
  { port, folder, state }: { port: number; folder: string; state: string | undefined },
  signal: AbortSignal,
): Promise<Chain> {
  const child = supervisor.start({
    name: 'chain',
    command: anvilBinary(),
    args: [
      ...['--host', '127.0.0.1', '--port', `${port}`, '--chain-id', `${CHAIN_ID}`, '--block-time', '1'],
      // Read at the start when it is there, written at the end and now and then.
      ...(state === undefined ? [] : ['--state', state, '--state-interval', '10']),
    ],
    env: { HOME: folder },
  })
  await whenReady(child, { line: (line) => (line.startsWith('Listening on') ? true : undefined) }, signal)
  return { rpcUrl: `http://127.0.0.1:${port}`, process: child }
}
