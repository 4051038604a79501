/** The consumer as an application embeds it: reserving, paying, and moving objects straight to and from backends. */
import type { Consumer } from '../../consumer/api.ts'
import { createConsumer } from '../../consumer/create-consumer.ts'
import type { LeafSource } from '../../core/ports/market.ts'
import type { Foundation } from '../foundation.ts'

export function startConsumer(base: Foundation, leaves: LeafSource): Consumer {
  const { clock, rng, market, writer, store, metrics, closing } = base
  const logger = base.logger.child({ part: 'consumer' })
  const consumer = createConsumer({}, { clock, rng, market, writer, leaves, store, logger, metrics })
  closing.add('consumer', () => consumer.stop())
  return consumer
}
