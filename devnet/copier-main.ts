/** A light node whose oracle copies another's commit and reveal instead of showing its own. Otherwise a node like any other. */
import { copying } from './copier.ts'
import { runMisbehaving } from './misbehaving-node.ts'

await runMisbehaving({ wrapOracle: copying })
