/** Our types as the contract's structs. */
import { textWord } from '../../core/abi.ts'
import { LEAF_TAG, type OracleLeaf, type UnitLeaf } from '../../core/leaves.ts'
import { UNIT_KINDS, UNIT_STATES, type UnitTerms } from '../../core/units.ts'

export function termsStruct({ sla, ...terms }: UnitTerms, deadline: number) {
  return {
    ...terms,
    kind: UNIT_KINDS.indexOf(terms.kind),
    region: textWord(terms.region),
    ...sla,
    deadline,
  }
}

export function unitLeafStruct({ state, ...leaf }: UnitLeaf) {
  return { ...leaf, tag: LEAF_TAG.unit, state: UNIT_STATES.indexOf(state) }
}

export function oracleLeafStruct(leaf: OracleLeaf) {
  return { ...leaf, tag: LEAF_TAG.oracle }
}
