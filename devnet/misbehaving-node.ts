/** A light node with one part replaced by a dishonest one: the process behind the scenarios' liars and copiers. */
import { loadConfig } from '../src/node/config.ts'
import { type NodeHooks, startNode } from '../src/node/run-node.ts'
import { reportReady, stopSignal, untilAborted } from '../src/node/supervised.ts'
import { createLogger } from '../src/observability/logger.ts'

/** Runs until it is asked to stop, like `lightmesh run --config`, whose only argument it takes; ends the process. */
export async function runMisbehaving(hooks: NodeHooks): Promise<never> {
  const signal = stopSignal()
  const logger = await createLogger({ level: 'info', format: 'json' })
  try {
    const node = await startNode(loadConfig({ file: process.argv[2] }), logger, signal, hooks)
    reportReady(node)
    await untilAborted(signal, node.failed)
    await node.stop()
  } catch (error) {
    if (!signal.aborted) {
      logger.error('the node could not start', { error: String(error) })
      process.exitCode = 1
    }
  }
  process.exit()
}
