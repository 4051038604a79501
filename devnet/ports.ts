/** TCP ports on loopback: free ones for the asking, and a check of those that a person asked for. */
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

/** Different ports that were free a moment ago; the kernel hands out others for a while before it repeats one. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = await tryListen(0)
    if (port === undefined) throw new Error('no free TCP port on 127.0.0.1')
    ports.add(port)
  }
  return [...ports]
}
