import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesToHex, hexToBytes } from '../../../src/core/ids.ts'
import { createHashChain, HashChainError, hashForward, SecretVerifier } from '../../../src/oracle/hash-chain.ts'
import { word } from './fixture.ts'

const SEED = new Uint8Array(32).fill(7)

describe('hash chain', () => {
  it('default', () => {
    const chain = createHashChain(SEED, { length: 3000 })
    const anchor = chain.anchor(100)
    for (const epoch of [100, 101, 1123, 1124, 2600, 3100]) {
      const secret = chain.secretAt(anchor, epoch)
      assert.equal(bytesToHex(hashForward(hexToBytes(secret), epoch - 100)), anchor.value)
    }
    assert.equal(chain.secretAt(anchor, 3100), bytesToHex(SEED))
  })

  it('behavior: checkpoints give the same chain without hashing it', () => {
    const chain = createHashChain(SEED, { length: 5000 })
    const again = createHashChain(SEED, { length: 5000, checkpoints: chain.checkpoints() })
    assert.deepEqual(again.anchor(3), chain.anchor(3))
    assert.equal(again.secretAt(chain.anchor(3), 2222), chain.secretAt(chain.anchor(3), 2222))
  })

  it('error: outside the chain, or checkpoints of another seed', () => {
    const chain = createHashChain(SEED, { length: 10 })
    assert.throws(() => chain.secretAt(chain.anchor(5), 4), HashChainError)
    assert.throws(() => chain.secretAt(chain.anchor(5), 16), HashChainError)
    const other = new Uint8Array(32).fill(8)
    assert.throws(() => createHashChain(other, { length: 10, checkpoints: chain.checkpoints() }), HashChainError)
    assert.throws(() => createHashChain(SEED.slice(1), { length: 10 }), HashChainError)
  })

  it('behavior: secrets are verified in any order, also after a new anchor', () => {
    const chain = createHashChain(SEED, { length: 50 })
    const verifier = new SecretVerifier()
    const anchor = chain.anchor(0)
    for (const epoch of [3, 4, 9, 5, 40])
      assert.equal(verifier.verify('a', anchor, epoch, chain.secretAt(anchor, epoch)), true, `epoch ${epoch}`)
    assert.equal(verifier.verify('a', anchor, 41, chain.secretAt(anchor, 40)), false)
    assert.equal(verifier.verify('a', anchor, 41, word('guess')), false)
    const renewed = createHashChain(new Uint8Array(32).fill(9), { length: 50 })
    const next = renewed.anchor(42)
    assert.equal(verifier.verify('a', next, 43, renewed.secretAt(next, 43)), true)
    assert.equal(verifier.verify('a', next, 41, renewed.secretAt(next, 42)), false)
  })
})
