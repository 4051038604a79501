/** The consumer as an application embeds it: reserving, paying, and moving objects straight to and from backends. */
import { createHash } from 'node:crypto'
import type { Consumer } from '../../consumer/api.ts'
import { createConsumer } from '../../consumer/create-consumer.ts'
import { createObjectTransfer } from '../../consumer/transfer/create-object-transfer.ts'
import { secp256k1Scheme } from '../../core/crypto/secp256k1.ts'
import { createGrantClient } from '../../core/grants/grant-client.ts'
import { createIndexClient } from '../../core/grants/index-client.ts'
import type { LeafSource } from '../../core/ports/market.ts'
import { createHttpClient } from '../../storage/http/client.ts'
import type { Foundation } from '../foundation.ts'

export function startConsumer(base: Foundation, leaves: LeafSource): Consumer {
  const { clock, rng, market, writer, store, metrics, chain, mesh, digests, identity, closing, config } = base
  const logger = base.logger.child({ part: 'consumer' })
  const { signer } = identity
  const { domain } = chain
  const common = { requests: mesh.requests, signatures: secp256k1Scheme, digests, domain }
  const unitOf = (id: bigint) => {
    const reservation = market.reservation(id)
    return reservation && market.unit(reservation.unitId)
  }
  const grants = createGrantClient({ ...common, signer, clock, epochClock: chain.clock, unitOf })
  const indexes = createIndexClient({
    ...common,
    consumer: signer.address,
    providerOf: (id) => {
      const provider = unitOf(id)?.terms.provider
      return provider && { provider, node: provider }
    },
  })
  const http = createHttpClient({ allowPrivate: config.allowPrivateAddresses })
  const transfer = createObjectTransfer({
    ...{ clock, rng, http, grants, indexes, signer, digests, store },
    sha256: () => createHash('sha256'),
  })
  const consumer = createConsumer({}, { clock, rng, market, writer, leaves, transfer, store, logger, metrics })
  closing.add('consumer', () => consumer.stop())
  return consumer
}
