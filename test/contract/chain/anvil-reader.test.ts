/** The node's chain reader and sink pass the suite on anvil with the real contracts. */
import { createAttestationSink } from '../../../src/chain/attestation/attestation-sink.ts'
import { silentLogger } from '../../../src/core/ports/logger.ts'
import { noMetrics } from '../../../src/core/ports/metrics.ts'
import { CONFIRMATIONS, createTestNetwork } from '../../support/chain-network.ts'
import { suite } from '../chain-reader.suite.ts'

suite('anvil', async () => {
  const network = await createTestNetwork()
  const chain = await network.connect()
  const sender = await network.sender(chain, network.nodes[0]!)
  await network.anvil.rpc('anvil_setBalance', [network.nodes[0]!.address, `0x${(10n ** 19n).toString(16)}`])
  const seen = async () => {
    const head = await network.anvil.head()
    const at = () => (Number(chain.health().head?.number) >= head.number ? true : undefined)
    await chain.until(at, AbortSignal.timeout(10_000))
  }
  return {
    reader: chain,
    sink: createAttestationSink({ chain, sender, logger: silentLogger, metrics: noMetrics }),
    confirmations: CONFIRMATIONS,
    async advanceTo(timestamp) {
      await network.anvil.mineTo(timestamp)
      await seen()
    },
    async advanceBlocks(count) {
      if (count > 0) await network.anvil.mine(count)
      await seen()
    },
    sign: (header, count) => network.sign(header, count),
    async close() {
      await sender.stop()
      await chain.stop()
      await network.anvil.stop()
    },
  }
})
