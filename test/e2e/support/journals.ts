/** What the nodes of a kept run have signed: their journals, compared with the chain and with what the others received. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { DevnetResult } from '../../../devnet/result.ts'
import type { Address } from '../../../src/core/ids.ts'
import { networkId } from '../../../src/core/network.ts'
import { decodeBundle } from '../../../src/oracle/evidence.ts'
import { Journal } from '../../../src/oracle/journal.ts'
import { PREFIX } from '../../../src/oracle/keys.ts'
import { decodeSignature } from '../../../src/oracle/messages/attestation-signature.ts'
import { decodeRevealHeader } from '../../../src/oracle/messages/reveal-header.ts'
import { type LevelStore, openLevelStore } from '../../../src/storage/level-store.ts'

/** Attempts of an epoch: more than any set of these tests has. */
const ATTEMPTS = 8

async function inspect(store: LevelStore, owner: string): Promise<{ journal: Journal; received: Uint8Array[] }> {
  for await (const [key] of store.entries({ gte: PREFIX.equivocation, lt: `${PREFIX.equivocation}:` }))
    assert.fail(`somebody contradicted itself: ${key}`)
  const journal = await Journal.open(store, owner, { ms: 0, epoch: 0 })
  assert.equal(journal.health, 'intact', owner)
  const received: Uint8Array[] = []
  for await (const [, bytes] of store.entries({ gte: PREFIX.bundle, lt: `${PREFIX.bundle}:` })) received.push(bytes)
  return { journal, received }
}

/**
 * @param folder of the kept run, which has ended.
 * @returns how many signatures were compared.
 */
export async function assertOneSignatureASlot(folder: string, { chain, nodes, attestations }: DevnetResult) {
  const domain = { chainId: chain.chainId, orchestrator: chain.orchestrator.toLowerCase() as Address }
  const journals: Journal[] = []
  const received: Uint8Array[] = []
  for (const [i, { address }] of nodes.entries()) {
    const store = await openLevelStore(join(folder, `node-${i}`, 'data', 'store'))
    try {
      const found = await inspect(store, `${networkId(domain)}/${address.toLowerCase()}`)
      journals.push(found.journal)
      received.push(...found.received)
    } finally {
      await store.close()
    }
  }
  let attested = 0
  const setIds = new Set<number>()
  let revealed = 0
  for (const bytes of received) {
    const { header, reveals } = decodeBundle(bytes)
    setIds.add(header.setId)
    for (const reveal of reveals) {
      const message = decodeRevealHeader(reveal.header)
      const slot = { kind: 'reveal', setId: message.setId, epoch: message.epoch, attempt: 0 } as const
      // Who of the set it was, the message tells by its index: one journal has exactly these bytes.
      const own = journals.filter((journal) => {
        const sent = journal.sent(slot)
        return sent !== undefined && Buffer.compare(sent, reveal.header) === 0
      })
      assert.equal(own.length, 1, `reveal ${message.epoch}/${message.index} as it was received is not as it was sent`)
      revealed++
    }
  }
  for (const { epoch, root, signers } of attestations) {
    for (const signer of signers) {
      const journal = journals[nodes.findIndex(({ address }) => address === signer)]!
      const roots = [...setIds].flatMap((setId) =>
        journal.attempts(setId, epoch, ATTEMPTS).map((attempt) => {
          const { header } = decodeSignature(journal.sent({ kind: 'attestation', setId, epoch, attempt })!)
          assert.deepEqual([header.setId, header.epoch, header.attempt], [setId, epoch, attempt])
          return header.root
        }),
      )
      assert.ok(roots.includes(root), `${signer} signed epoch ${epoch} on chain, and its journal knows nothing of it`)
      attested++
    }
  }
  return { attested, revealed }
}
