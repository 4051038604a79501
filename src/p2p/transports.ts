/** Ways to reach and to be reached: TCP, WebSocket, QUIC, and through a relay where none of them gets in. */
import { autoNATv2 } from '@libp2p/autonat-v2'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { dcutr } from '@libp2p/dcutr'
import { tcp } from '@libp2p/tcp'
import type { Libp2pOptions } from 'libp2p'
import type { MeshLimits } from './limits.ts'
import type { MeshOptions, MeshTransport } from './types.ts'

type TransportFactory = NonNullable<Libp2pOptions['transports']>[number]

const DEFAULT_TRANSPORTS: readonly MeshTransport[] = ['tcp', 'ws']

/** WebSocket and QUIC are loaded only where they are wanted: QUIC is a native module that not every machine has. */
export async function transportsOf(options: MeshOptions, limits: MeshLimits): Promise<TransportFactory[]> {
  const wanted = options.transports ?? DEFAULT_TRANSPORTS
  const transports: TransportFactory[] = [circuitRelayTransport()]
  if (wanted.includes('tcp')) {
    const socket = { noDelay: true }
    transports.push(tcp({ maxConnections: 2 * limits.maxConnections, dialOpts: socket, listenOpts: socket }))
  }
  if (wanted.includes('ws')) {
    const { webSockets } = await import('@libp2p/websockets')
    transports.push(webSockets())
  }
  if (wanted.includes('quic')) {
    const { quic } = await import('@chainsafe/libp2p-quic')
    transports.push(quic())
  }
  return transports
}

/**
 * What finds out whether others can dial us (a public network only: on a private one every address counts as good),
 * tries to open a direct way between two peers that met through a relay, and relays for others.
 */
export function natServices(options: MeshOptions, limits: MeshLimits, protocolPrefix: string) {
  return {
    dcutr: dcutr(),
    ...(!options.allowPrivateAddresses && { autoNat: autoNATv2({ protocolPrefix }) }),
    ...(options.relay && {
      relay: circuitRelayServer({
        reservations: {
          maxReservations: limits.maxRelayReservations,
          defaultDataLimit: BigInt(limits.relayBytes),
          defaultDurationLimit: limits.relayDurationMs,
        },
      }),
    }),
  }
}
