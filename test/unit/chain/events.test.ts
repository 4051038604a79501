/** Every event of both contracts, decoded as viem's own decoder does. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type AbiEvent,
  type AbiParameter,
  decodeEventLog,
  encodeAbiParameters,
  encodeEventTopics,
  type Hex,
} from 'viem'
import { decodeEvent } from '../../../src/chain/events.ts'
import { oracleSetAbi } from '../../../src/chain/generated/oracle-set-abi.ts'
import { orchestratorAbi } from '../../../src/chain/generated/orchestrator-abi.ts'
import { keccak256Hex } from '../../../src/core/keccak.ts'

const EVENTS: readonly AbiEvent[] = [...orchestratorAbi, ...oracleSetAbi].filter((item) => item.type === 'event')

/** Some value of a type; different for each place. */
function sample(type: AbiParameter, seed: number): unknown {
  if (type.type.endsWith('[]')) {
    const inner = { ...type, type: type.type.slice(0, -2) }
    return [sample(inner, seed), sample(inner, seed + 1)]
  }
  if ('components' in type)
    return Object.fromEntries(type.components.map((field, i) => [field.name, sample(field, seed + i)]))
  const byte = (seed % 200) + 16
  if (type.type === 'address') return `0x${byte.toString(16).repeat(20)}`
  if (type.type === 'bool') return seed % 2 === 0
  if (type.type.startsWith('bytes')) return `0x${byte.toString(16).repeat(Number(type.type.slice(5)))}`
  const bits = Number(type.type.slice(4))
  return bits <= 48 ? byte : BigInt(byte) << 20n
}

describe('decodeEvent', () => {
  for (const event of EVENTS) {
    it(`behavior: ${event.name}`, () => {
      const args = Object.fromEntries(event.inputs.map((input, i) => [input.name, sample(input, i * 7)]))
      const topics = encodeEventTopics({ abi: [event], eventName: event.name, args } as never) as [Hex, ...Hex[]]
      const rest = event.inputs.filter(({ indexed }) => !indexed)
      const data = encodeAbiParameters(rest, rest.map(({ name }) => args[name!]) as never)
      const expected = decodeEventLog({ abi: [event], topics, data, strict: true })
      const decoded = decodeEvent({ topics, data })
      assert.equal(decoded?.eventName, event.name)
      assert.deepEqual(decoded?.args, expected.args)
    })
  }

  it('behavior: an event of other contracts is none of ours', () => {
    assert.equal(decodeEvent({ topics: [keccak256Hex(Uint8Array.of(1))], data: '0x' }), undefined)
    assert.equal(decodeEvent({ topics: [], data: '0x' }), undefined)
  })

  it('error: data that does not fit', () => {
    const [event] = EVENTS.filter(({ name }) => name === 'ReservationHeld')
    const topics = encodeEventTopics({ abi: [event!], eventName: 'ReservationHeld' } as never) as [Hex, ...Hex[]]
    assert.throws(() => decodeEvent({ topics, data: '0x1234' }))
  })
})
