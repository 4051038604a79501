/** Prices of gas under EIP-1559, within a cap. All in wei per unit of gas. */
import { ChainError } from '../errors.ts'
import type { EthMethods } from '../rpc/methods.ts'

export interface Fees {
  maxFeePerGas: bigint
  maxPriorityFeePerGas: bigint
}

/** Where an endpoint has no opinion on tips. */
const DEFAULT_TIP = 1_000_000_000n
/** Nodes refuse a replacement that is not a tenth dearer in both prices; an eighth leaves room for rounding. */
const BUMP_EIGHTHS = 9n

/**
 * Twice the base fee and the endpoint's tip: enough for six full blocks in a row.
 * @throws {ChainError} `fee-too-high` when even the present base fee is above the cap.
 */
export async function quoteFees(eth: EthMethods, cap: bigint, signal: AbortSignal): Promise<Fees> {
  const [head, tip] = await Promise.all([eth.header('latest', signal), suggestedTip(eth, signal)])
  const base = head?.baseFeePerGas ?? (await eth.gasPrice(signal))
  if (base > cap)
    throw new ChainError('fee-too-high', `gas costs ${base} wei, more than the cap of ${cap}; wait or raise the cap`)
  const wanted = base * 2n + tip
  const maxFeePerGas = wanted < cap ? wanted : cap
  return { maxFeePerGas, maxPriorityFeePerGas: tip < maxFeePerGas ? tip : maxFeePerGas }
}

async function suggestedTip(eth: EthMethods, signal: AbortSignal): Promise<bigint> {
  try {
    return await eth.priorityFee(signal)
  } catch (error) {
    if (error instanceof ChainError && error.code === 'rpc-error') return DEFAULT_TIP
    throw error
  }
}

/** Prices at which a node takes a replacement; `undefined` when that is above the cap. */
export function bumpFees(old: Fees, quoted: Fees, cap: bigint): Fees | undefined {
  const raised = (price: bigint) => (price * BUMP_EIGHTHS + 7n) / 8n
  const dearer = (a: bigint, b: bigint) => (a > b ? a : b)
  const maxFeePerGas = dearer(raised(old.maxFeePerGas), quoted.maxFeePerGas)
  const maxPriorityFeePerGas = dearer(raised(old.maxPriorityFeePerGas), quoted.maxPriorityFeePerGas)
  if (maxFeePerGas > cap || maxPriorityFeePerGas > maxFeePerGas) return undefined
  return { maxFeePerGas, maxPriorityFeePerGas }
}
