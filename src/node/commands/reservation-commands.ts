/** Reservations by an account's key: what providers, consumers and passers-by may do about one. */
import { deposit } from '../../chain/actions/deposit.ts'
import { expire } from '../../chain/actions/expire.ts'
import { openDispute } from '../../chain/actions/open-dispute.ts'
import { reject } from '../../chain/actions/reject.ts'
import { topUp } from '../../chain/actions/top-up.ts'
import { orchestratorAbi } from '../../chain/generated/orchestrator-abi.ts'
import { readContract } from '../../chain/rpc/read-contract.ts'
import { optionText, parseAddress, parseAmount, parseReservation, wrong } from '../../consumer/commands/values.ts'
import { isHash32, ZERO_HASH } from '../../core/ids.ts'
import { type OperatorCommand, type OperatorSession, sent } from './operator-session.ts'

/** In the order of the contract's numbers. */
const DISPUTE_KINDS = ['availability', 'integrity', 'latency', 'throughput']

export const reservationCommands: readonly OperatorCommand[] = [
  {
    name: 'reject',
    description: "Refuses a held reservation of one's own unit; everything is refunded.",
    arguments: ['<reservation>'],
    options: [],
    async run({ actions }, { arguments: [text], signal }) {
      const id = parseReservation(text)
      return sent(`reservation ${id} rejected`, await reject(actions, id, { signal }), { id: `${id}` })
    },
  },
  {
    name: 'expire',
    description: 'Gives back the capacity of reservations past their end. Anyone may.',
    arguments: ['<reservation...>'],
    options: [],
    async run({ actions }, { arguments: texts, signal }) {
      const ids = texts.map(parseReservation)
      const receipt = await expire(actions, ids, { signal })
      return sent(`expired: ${ids.join(', ')}`, receipt, { ids: ids.map(String) })
    },
  },
  {
    name: 'deposit',
    description: 'Credits an account inside the contract: credit pays for reservations, and can be withdrawn.',
    arguments: ['<token>', '<amount>'],
    options: [{ flag: '--account <address>', description: 'whose credit; default: the one of the key' }],
    async run({ actions, writer, account }, request) {
      const [tokenText, amountText] = request.arguments
      const { signal } = request
      const token = parseAddress(tokenText ?? '', 'token')
      const amount = parseAmount(amountText ?? '', 'amount')
      const other = optionText(request, 'account')
      const credited = other === undefined ? account : parseAddress(other, '--account')
      await writer.approve(token, amount, signal)
      const receipt = await deposit(actions, token, credited, amount, { signal })
      return sent(`${amount} credited to ${credited}`, receipt, { token, account: credited, amount: `${amount}` })
    },
  },
  {
    name: 'top-up',
    description: 'Adds money to a running reservation for its extensions. Anyone may.',
    arguments: ['<reservation>', '<amount>'],
    options: [],
    async run(session, { arguments: [text, amountText], signal }) {
      const id = parseReservation(text)
      const amount = parseAmount(amountText ?? '', 'amount')
      await session.writer.approve(tokenOf(session, id), amount, signal)
      const receipt = await topUp(session.actions, id, amount, { signal })
      return sent(`reservation ${id}: ${amount} added`, receipt, { id: `${id}`, amount: `${amount}` })
    },
  },
  {
    name: 'dispute',
    description:
      'Opens a dispute about a running reservation of this account; the oracles look again. Takes a deposit.',
    arguments: ['<reservation>'],
    options: [
      { flag: '--kind <kind>', description: DISPUTE_KINDS.join(', '), required: true },
      { flag: '--amount <amount>', description: 'most that is withheld meanwhile', required: true },
      { flag: '--evidence <hash>', description: 'hash of the evidence, which travels between nodes' },
    ],
    async run(session, request) {
      const { actions, chain, writer } = session
      const { signal } = request
      const reservationId = parseReservation(request.arguments[0])
      const kind = DISPUTE_KINDS.indexOf(optionText(request, 'kind') ?? '')
      if (kind < 0) throw wrong('--kind', `one of ${DISPUTE_KINDS.join(', ')}`)
      const amount = parseAmount(optionText(request, 'amount') ?? '', '--amount')
      const evidenceHash = optionText(request, 'evidence') ?? ZERO_HASH
      if (!isHash32(evidenceHash)) throw wrong('--evidence', '32 bytes in hex')
      const address = chain.network.orchestrator
      const read = { address, abi: orchestratorAbi, functionName: 'economicParams', args: [] } as const
      const { disputeDeposit } = await readContract(chain.source.active(), read, signal)
      await writer.approve(tokenOf(session, reservationId), disputeDeposit, signal)
      const receipt = await openDispute(actions, { reservationId, kind, amount, evidenceHash }, { signal })
      const more = { id: `${reservationId}`, kind: DISPUTE_KINDS[kind]!, deposit: `${disputeDeposit}` }
      return sent(`dispute about reservation ${reservationId} opened; deposit ${disputeDeposit}`, receipt, more)
    },
  },
]

function tokenOf({ market }: OperatorSession, id: bigint) {
  const reservation = market.reservation(id)
  if (!reservation) throw wrong('reservation', `the number of one on chain, not ${id}`)
  return reservation.token
}
