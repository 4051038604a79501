/**
 * One proof for several leaves of a tree, from the single proofs of each: what OpenZeppelin's `processMultiProof` takes.
 * Inner nodes hash their children in sorted order, so nobody knows left from right here, nor has to: any drawing of the tree
 * serves, as long as siblings stand side by side when their turn comes.
 */
import { bytesToHex, type Hash32, hexToBytes } from '../core/ids.ts'
import { keccak256Hex } from '../core/keccak.ts'

export interface SingleProof {
  /** 32 bytes. */
  leafHash: Uint8Array
  proof: readonly Hash32[]
}

export interface MultiProof {
  /** Positions in the input, in the order in which the verifier wants the leaves. */
  order: number[]
  proof: Hash32[]
  flags: boolean[]
  root: Hash32
}

interface Step {
  parent: Hash32
  sibling: Hash32
}

/** A node above at least one of the leaves. */
interface Drawn {
  /** Positions of the leaves below. */
  leaves: number[]
  /** Shortest and longest way down to one of them, from the root. */
  nearest: number
  deepest: number
}

/** @throws {RangeError} for no leaf, a leaf twice, or proofs that lead to different roots. */
export function multiProofOf(singles: readonly SingleProof[]): MultiProof {
  const steps = new Map<Hash32, Step>()
  const roots = new Set<Hash32>()
  const hashes = singles.map(({ leafHash, proof }) => {
    let node: Hash32 = bytesToHex(leafHash)
    for (const sibling of proof) {
      const parent = parentOf(node, sibling)
      steps.set(node, { parent, sibling })
      node = parent
    }
    roots.add(node)
    return bytesToHex(leafHash)
  })
  const [root] = roots
  if (root === undefined || roots.size > 1) throw new RangeError('the proofs do not lead to one root')
  if (new Set(hashes).size < hashes.length) throw new RangeError('a leaf was given twice')
  const order = drawingOrder(singles, hashes, steps, root)
  return {
    order,
    root,
    ...consume(
      order.map((i) => hashes[i]!),
      steps,
      root,
    ),
  }
}

function parentOf(a: Hash32, b: Hash32): Hash32 {
  const pair = new Uint8Array(64)
  pair.set(hexToBytes(a < b ? a : b))
  pair.set(hexToBytes(a < b ? b : a), 32)
  return keccak256Hex(pair)
}

/**
 * The tree is complete, so leaves are on two levels. The verifier works through a queue that begins with the leaves: the
 * lower level goes first, and what is computed from it lines up behind the leaves of the upper level; therefore subtrees
 * that end on the upper level are drawn first and those that end on the lower one last.
 */
function drawingOrder(
  singles: readonly SingleProof[],
  hashes: readonly Hash32[],
  steps: ReadonlyMap<Hash32, Step>,
  root: Hash32,
): number[] {
  let level = new Map<Hash32, Drawn>()
  const deepest = Math.max(...singles.map(({ proof }) => proof.length))
  for (let depth = deepest; depth > 0; depth--) {
    hashes.forEach((hash, i) => {
      if (singles[i]!.proof.length === depth) level.set(hash, { leaves: [i], nearest: depth, deepest: depth })
    })
    const above = new Map<Hash32, Drawn>()
    for (const [hash, drawn] of level) {
      const { parent } = steps.get(hash)!
      const other = above.get(parent)
      above.set(parent, other ? sideBySide(other, drawn) : drawn)
    }
    level = above
  }
  const drawn = deepest === 0 ? [0] : level.get(root)!.leaves
  return drawn.toSorted((a, b) => singles[b]!.proof.length - singles[a]!.proof.length)
}

/** Upper level only, then both levels (one subtree at the most), then lower level only. */
function sideBySide(a: Drawn, b: Drawn): Drawn {
  const [first, second] = a.nearest + a.deepest <= b.nearest + b.deepest ? [a, b] : [b, a]
  return { leaves: [...first.leaves, ...second.leaves], nearest: first.nearest, deepest: second.deepest }
}

/** The verifier's own queue: each step takes a node and its sibling, from the queue where it stands there, else as proof. */
function consume(
  leaves: readonly Hash32[],
  steps: ReadonlyMap<Hash32, Step>,
  root: Hash32,
): { proof: Hash32[]; flags: boolean[] } {
  const queue = [...leaves]
  const proof: Hash32[] = []
  const flags: boolean[] = []
  for (let at = 0; queue[at] !== root; ) {
    const { parent, sibling } = steps.get(queue[at]!)!
    const inQueue = queue[at + 1] === sibling
    flags.push(inQueue)
    if (!inQueue) proof.push(sibling)
    at += inQueue ? 2 : 1
    queue.push(parent)
  }
  return { proof, flags }
}
