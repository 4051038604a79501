/** An operator as an oracle: its seat, its bond, its anchor, its pay. */
import { approve } from '../../chain/actions/approve.ts'
import { claimPoints } from '../../chain/actions/claim-points.ts'
import { claimSeat } from '../../chain/actions/claim-seat.ts'
import { increaseOracleBond } from '../../chain/actions/increase-oracle-bond.ts'
import { leaveOracleSet } from '../../chain/actions/leave-oracle-set.ts'
import { recomputeSet } from '../../chain/actions/recompute-set.ts'
import { registerOracle } from '../../chain/actions/register-oracle.ts'
import { renewAnchor } from '../../chain/actions/renew-anchor.ts'
import { withdrawOracleBond } from '../../chain/actions/withdraw-oracle-bond.ts'
import { optionText, parseAddress, parseAmount, wrong } from '../../consumer/commands/values.ts'
import { askNode, DEFAULT_API } from './ask-node.ts'
import { readCredentials } from './credentials.ts'
import { type OperatorCommand, type OperatorSession, sent } from './operator-session.ts'
import { oraclePointsOf } from './oracle-points.ts'

export const oracleCommands: readonly OperatorCommand[] = [
  {
    name: 'register',
    description: 'Registers an oracle node under this operator and deposits its bond.',
    arguments: ['<credentials>', '<bond>'],
    options: [],
    async run(session, { arguments: [file, amount], signal }) {
      const { node, consent, anchor } = await readCredentials(file, session.account)
      if (!anchor) throw wrong('credentials', 'those of a node with an oracle seed: they have an anchor')
      const bond = parseAmount(amount ?? '', 'bond')
      await approveBond(session, bond, signal)
      const receipt = await registerOracle(session.actions, { node, bond, anchor, consent }, { signal })
      return sent(`oracle ${node} registered`, receipt, { node, bond: `${bond}`, baseEpoch: anchor.baseEpoch })
    },
  },
  {
    name: 'bond',
    description: 'Raises the bond: seats go to the highest ones.',
    arguments: ['<amount>'],
    options: [],
    async run(session, { arguments: [text], signal }) {
      const amount = parseAmount(text ?? '', 'amount')
      await approveBond(session, amount, signal)
      const receipt = await increaseOracleBond(session.actions, amount, { signal })
      return sent(`bond raised by ${amount}`, receipt, { amount: `${amount}` })
    },
  },
  {
    name: 'claim-seat',
    description: 'Makes an operator a candidate again when its bond is high enough. Anyone may.',
    arguments: ['[operator]'],
    options: [],
    async run({ actions, account }, { arguments: [text], signal }) {
      const operator = text === undefined ? account : parseAddress(text, 'operator')
      return sent(`${operator} is a candidate`, await claimSeat(actions, operator, { signal }), { operator })
    },
  },
  {
    name: 'recompute',
    description: 'Announces the candidates as the next set. Anyone may.',
    arguments: [],
    options: [],
    run: async ({ actions }, { signal }) => sent('next set announced', await recomputeSet(actions, { signal })),
  },
  {
    name: 'renew-anchor',
    description: "Announces a new hash chain of this operator's oracle.",
    arguments: ['<credentials>'],
    options: [],
    async run({ actions, account }, { arguments: [file], signal }) {
      const { anchor } = await readCredentials(file, account)
      if (!anchor) throw wrong('credentials', 'those of a node with an oracle seed: they have an anchor')
      const receipt = await renewAnchor(actions, anchor, { signal })
      return sent(`new anchor from epoch ${anchor.baseEpoch}`, receipt, { ...anchor })
    },
  },
  {
    name: 'leave',
    description: 'Asks to leave: no further set has this oracle; the bond is free after the evidence window.',
    arguments: [],
    options: [],
    run: async ({ actions }, { signal }) => sent('leaving', await leaveOracleSet(actions, { signal })),
  },
  {
    name: 'withdraw-bond',
    description: 'Sends the bond of an oracle that left, once it is free.',
    arguments: [],
    options: [],
    run: async ({ actions }, { signal }) => sent('bond withdrawn', await withdrawOracleBond(actions, { signal })),
  },
  {
    name: 'claim-points',
    description: "Pays this operator's oracle the points of the newest attested root, from the pool of a token.",
    arguments: ['<token>'],
    options: [{ flag: '--api <url>', description: `HTTP API of a running oracle; default ${DEFAULT_API}` }],
    async run(session, request) {
      const token = parseAddress(request.arguments[0] ?? '', 'token')
      const record = session.chain.view().oracles()
      const own = record.find(({ operator, node }) => operator === session.account || node === session.account)
      if (!own) throw wrong('operator key', `${session.account} is no oracle's; see \`lightmesh oracle register\``)
      const api = optionText(request, 'api') ?? DEFAULT_API
      const view = await askNode(api, `/v1/oracles/${own.node}/points`, request.signal)
      const { leaf, proof, prevEpoch } = oraclePointsOf(view)
      const proven = { leaf, proof, ringPrevEpoch: prevEpoch }
      const receipt = await claimPoints(session.actions, proven, token, { signal: request.signal })
      const points = `${leaf.points}`
      return sent(`${points} points up to epoch ${leaf.epoch} claimed`, receipt, { token, points, epoch: leaf.epoch })
    },
  },
]

async function approveBond({ actions }: OperatorSession, amount: bigint, signal: AbortSignal): Promise<void> {
  const { bondToken: token, oracleSet: spender } = actions.network
  await approve(actions, { token, spender, amount }, { signal })
}
