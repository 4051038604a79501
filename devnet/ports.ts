/** TCP ports on loopback: free ones for the asking, and a check of those that a person asked for. */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Listens for a moment and lets go. @param port 0 for any. @returns undefined when it is taken. */
function tryListen(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(undefined) : reject(error),
    )
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined))
    })
  })
}

export async function isFree(port: number): Promise<boolean> {
  return (await tryListen(port)) !== undefined
}

/** Below the range from which kernels take the ports of outgoing connections: what is free now stays so until it is used. */
const FIRST_PORT = 12_000
const LAST_PORT = 31_999

/** Different ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}
