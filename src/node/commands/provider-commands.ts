/** An operator as a provider: registration, bond, earnings. */
import { increaseProviderBond } from '../../chain/actions/increase-provider-bond.ts'
import { registerProvider } from '../../chain/actions/register-provider.ts'
import { optionText, parseAddress, parseAmount } from '../../consumer/commands/values.ts'
import { readCredentials } from './credentials.ts'
import { type OperatorCommand, sent } from './operator-session.ts'

export const providerCommands: readonly OperatorCommand[] = [
  {
    name: 'register',
    description: 'Registers a provider node under this operator and deposits its bond.',
    arguments: ['<credentials>', '<bond>'],
    options: [],
    async run({ actions, writer, account }, { arguments: [file, amount], signal }) {
      const { node, consent } = await readCredentials(file, account)
      const bond = parseAmount(amount ?? '', 'bond')
      await writer.approve(actions.network.bondToken, bond, signal)
      const receipt = await registerProvider(actions, { node, bond, consent }, { signal })
      return sent(`provider ${node} registered`, receipt, { node, bond: `${bond}` })
    },
  },
  {
    name: 'bond',
    description: 'Raises the bond: more capacity can be offered.',
    arguments: ['<amount>'],
    options: [],
    async run({ actions, writer }, { arguments: [text], signal }) {
      const amount = parseAmount(text ?? '', 'amount')
      await writer.approve(actions.network.bondToken, amount, signal)
      const receipt = await increaseProviderBond(actions, amount, { signal })
      return sent(`bond raised by ${amount}`, receipt, { amount: `${amount}` })
    },
  },
  {
    name: 'withdraw',
    description: 'Sends what was earned.',
    arguments: ['<token>'],
    options: [{ flag: '--to <address>', description: 'receiver; default: the operator' }],
    async run({ writer, account }, request) {
      const token = parseAddress(request.arguments[0] ?? '', 'token')
      const receiver = optionText(request, 'to')
      const to = receiver === undefined ? account : parseAddress(receiver, '--to')
      const { amount, txHash } = await writer.withdraw(token, to, request.signal)
      return { lines: [`${amount} sent to ${to} (${txHash})`], json: { token, to, amount: `${amount}`, txHash } }
    },
  },
]
