/** An EIP-1559 transaction, signed through the `Signer` port: the key may be in another machine. */
import { keccak256, serializeTransaction } from 'viem'
import { bytesToHex, type Hash32, type Hex } from '../../core/ids.ts'
import type { Signer } from '../../core/ports/signer.ts'
import type { Fees } from './fees.ts'

export interface UnsignedTransaction extends Fees {
  chainId: number
  nonce: number
  gasLimit: bigint
  to: Hex
  data: Hex
  value: bigint
}

export interface SignedTransaction extends Fees {
  hash: Hash32
  raw: Hex
}

export async function signTransaction(tx: UnsignedTransaction, signer: Signer): Promise<SignedTransaction> {
  const { maxFeePerGas, maxPriorityFeePerGas } = tx
  const unsigned = {
    type: 'eip1559' as const,
    chainId: tx.chainId,
    nonce: tx.nonce,
    gas: tx.gasLimit,
    to: tx.to,
    data: tx.data,
    value: tx.value,
    maxFeePerGas,
    maxPriorityFeePerGas,
  }
  const signature = await signer.signDigest(keccak256(serializeTransaction(unsigned)))
  const raw = serializeTransaction(unsigned, {
    r: bytesToHex(signature.subarray(0, 32)),
    s: bytesToHex(signature.subarray(32, 64)),
    yParity: signature[64]! - 27,
  })
  return { hash: keccak256(raw), raw, maxFeePerGas, maxPriorityFeePerGas }
}
