import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConsumerError } from '../../../../src/consumer/errors.ts'
import { createDigests } from '../../../../src/core/eip712.ts'
import { parseRange, ReplayError, replayCommand } from '../../../../src/node/commands/replay-command.ts'
import type { ReplaySources } from '../../../../src/node/commands/replay-sources.ts'

describe('replay', () => {
  it('default: one epoch, or a range with both ends', () => {
    assert.deepEqual(parseRange('12'), { from: 12, until: 12 })
    assert.deepEqual(parseRange('0..20'), { from: 0, until: 20 })
  })

  it('error: what is no range', () => {
    for (const text of [undefined, '', '-1', '9..3', '1...2', '1..', 'a'])
      assert.throws(
        () => parseRange(text),
        (error) => error instanceof ConsumerError && error.code === 'invalid-value',
      )
  })

  it('error: epochs that the chain never attested', async () => {
    const sources: ReplaySources = {
      digests: createDigests({ chainId: 1, orchestrator: `0x${'1'.repeat(40)}` as const }),
      attestations: () => [],
      factsAt: () => assert.fail('nothing to replay'),
      bundle: () => assert.fail('nothing to replay'),
      state: () => assert.fail('nothing to replay'),
    }
    const request = { arguments: ['4..5'], options: {}, signal: new AbortController().signal }
    await assert.rejects(
      replayCommand.run(sources, request),
      (error) => error instanceof ReplayError && error.code === 'not-attested',
    )
  })
})
