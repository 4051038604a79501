/** Starts a proxy in front of a backend and tells it how to behave. */
import { join } from 'node:path'
import { type ManagedProcess, type Supervisor, whenReady } from '../supervisor.ts'
import type { ProxyMessage, ProxyMode } from './proxy-main.ts'

export interface BackendProxy {
  url: string
  process: ManagedProcess
  /** What is left out becomes ordinary again. */
  behave(mode: Partial<ProxyMode>): void
}

export async function startProxy(
  supervisor: Supervisor,
  options: { name: string; port: number; target: string },
  signal: AbortSignal,
): Promise<BackendProxy> {
  const child = supervisor.start({
    name: options.name,
    command: process.execPath,
    args: [join(import.meta.dirname, 'proxy-main.ts')],
    ipc: true,
  })
  const ready = whenReady(
    child,
    { message: (m) => ((m as { type?: string }).type === 'ready' ? (m as { url: string }).url : undefined) },
    signal,
  )
  const tell = (message: ProxyMessage) => child.send(message)
  tell({ type: 'start', port: options.port, target: options.target })
  return {
    url: await ready,
    process: child,
    behave: (mode) => tell({ type: 'mode', mode: { latencyMs: 0, lossy: false, down: false, ...mode } }),
  }
}
