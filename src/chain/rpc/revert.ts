/** A contract's custom error out of an endpoint's error object. */
import { type Abi, decodeErrorResult } from 'viem'
import { ChainError, type Revert } from '../errors.ts'
import { devTokenAbi } from '../generated/dev-token-abi.ts'
import { oracleSetAbi } from '../generated/oracle-set-abi.ts'
import { orchestratorAbi } from '../generated/orchestrator-abi.ts'
import { RpcResponseError } from './json-rpc.ts'

/** Errors of all contracts in play; selectors are unique across them. */
const ERRORS: Abi = [...orchestratorAbi, ...oracleSetAbi, ...devTokenAbi].filter((item) => item.type === 'error')

/** What a `reverted` means in words; anything else is shown by its name. */
const HINTS: Readonly<Record<string, string>> = {
  ERC20InsufficientAllowance: 'approve the contract for the amount first',
  ERC20InsufficientBalance: 'the account does not have enough tokens',
  IntakePaused: 'the contract takes nothing in at the moment',
  NoSeat: 'raise the bond above the lowest one',
  AdvertExpired: 'sign the offer again with a later deadline',
  TokenNotListed: 'choose a token that the deployment lists',
  NotAdmitted: 'the unit takes no reservations in its present state',
}

/** `undefined` when the error is not a revert. */
export function asRevert(error: unknown): ChainError | undefined {
  if (!(error instanceof ChainError) || error.code !== 'rpc-error') return undefined
  const { cause } = error
  if (!(cause instanceof RpcResponseError)) return undefined
  const data = dataOf(cause.data)
  if (data === undefined && !/revert/i.test(cause.message)) return undefined
  const revert = data === undefined ? { name: 'unknown', args: [] } : decode(data)
  const hint = HINTS[revert.name]
  const text = `the contract refused the call: ${describe(revert)}${hint === undefined ? '' : ` (${hint})`}`
  return new ChainError('reverted', text, { cause, revert })
}

/** Endpoints put the data in `data`, or in an object inside of it. */
function dataOf(value: unknown): `0x${string}` | undefined {
  if (typeof value === 'string' && /^0x(?:[0-9a-fA-F]{2})*$/.test(value)) return value as `0x${string}`
  return typeof value === 'object' && value !== null && 'data' in value ? dataOf(value.data) : undefined
}

function decode(data: `0x${string}`): Revert {
  try {
    const { errorName, args } = decodeErrorResult({ abi: ERRORS, data })
    return { name: errorName, args: args ?? [] }
  } catch {
    // An error of a contract that is not ours: a token's own.
    return { name: 'unknown', args: [data.slice(0, 10)] }
  }
}

function describe({ name, args }: Revert): string {
  return `${name}(${args.map(String).join(', ')})`
}
