/** All commands of a consumer, in the order in which a help page shows them. */
import type { ConsumerCommand } from './command.ts'
import { marketCommands } from './market-commands.ts'
import { objectCommands } from './object-commands.ts'

export const consumerCommands: readonly ConsumerCommand[] = [...marketCommands, ...objectCommands]
