/** What the command line has besides `run`, `status` and `devnet`. Each part is loaded when it is named: most need the chain. */
import type { Command } from 'commander'
import { addCommands, type Exit } from './command-group.ts'

export interface CommandPart {
  name: string
  description: string
  add(program: Command, exit: Exit): Promise<void>
}

export const COMMAND_PARTS: readonly CommandPart[] = [
  {
    name: 'consumer',
    description: 'Finds units, reserves, moves objects.',
    async add(program, exit) {
      const { addConsumer } = await import('./consumer-group.ts')
      addConsumer(groupOf(program, this), exit)
    },
  },
  {
    name: 'unit',
    description: "Explains a unit's verdicts; a provider's units on chain.",
    async add(program, exit) {
      const group = groupOf(program, this)
      const [explain, units] = await Promise.all([import('./explain-commands.ts'), import('./unit-commands.ts')])
      addCommands(group, explain.explainCommands, explain.API_OPTIONS, explain.lendApi, exit)
      await addOperator(group, units.unitCommands, exit)
    },
  },
  {
    name: 'provider',
    description: 'An operator as a provider: registration, bond, earnings.',
    async add(program, exit) {
      await addOperator(groupOf(program, this), (await import('./provider-commands.ts')).providerCommands, exit)
    },
  },
  {
    name: 'oracle',
    description: 'An operator as an oracle: seat, bond, anchor, pay.',
    async add(program, exit) {
      await addOperator(groupOf(program, this), (await import('./oracle-commands.ts')).oracleCommands, exit)
    },
  },
  {
    name: 'reservation',
    description: 'What providers, consumers and others may do about a reservation.',
    async add(program, exit) {
      await addOperator(groupOf(program, this), (await import('./reservation-commands.ts')).reservationCommands, exit)
    },
  },
  {
    name: 'replay',
    description: 'Evaluates attested epochs once more and compares with the chain.',
    async add(program, exit) {
      const [{ replayCommand }, { lendReplay, REPLAY_OPTIONS }] = await Promise.all([
        import('./replay-command.ts'),
        import('./replay-sources.ts'),
      ])
      addCommands(program, [{ ...replayCommand, name: this.name }], REPLAY_OPTIONS, lendReplay, exit)
    },
  },
  {
    name: 'credentials',
    description: 'What an operator needs to register this node.',
    async add(program, exit) {
      const part = await import('./credentials-command.ts')
      const command = { ...part.credentialsCommand, name: this.name }
      addCommands(program, [command], part.CREDENTIALS_OPTIONS, part.lendNodeKey, exit)
    },
  },
]

const groupOf = (program: Command, { name, description }: CommandPart) => program.command(name).description(description)

async function addOperator(
  group: Command,
  commands: readonly import('./operator-session.ts').OperatorCommand[],
  exit: Exit,
): Promise<void> {
  const { lendOperator, OPERATOR_OPTIONS } = await import('./operator-session.ts')
  addCommands(group, commands, OPERATOR_OPTIONS, lendOperator, exit)
}

/** The part that is named is whole; the others only stand in the help page. */
export async function addParts(program: Command, named: string | undefined, exit: Exit): Promise<void> {
  for (const part of COMMAND_PARTS) {
    if (part.name === named) await part.add(program, exit)
    else program.command(part.name).description(part.description)
  }
}
