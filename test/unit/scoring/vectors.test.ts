import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { computeVectors } from './vectors.ts'

const golden: unknown = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8'))

describe('test vectors', () => {
  it('default: every function and the scenario give the recorded bits', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(computeVectors())), golden)
  })
})
