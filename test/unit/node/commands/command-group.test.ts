import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Command } from 'commander'
import type { CommandRequest } from '../../../../src/consumer/commands/command.ts'
import { consumerCommands } from '../../../../src/consumer/commands/index.ts'
import { ConsumerError } from '../../../../src/consumer/errors.ts'
import {
  addCommands,
  exitCodeOf,
  type GroupCommand,
  namedOptions,
} from '../../../../src/node/commands/command-group.ts'
import { ConfigError } from '../../../../src/node/config-entry.ts'

const reserve = consumerCommands.find(({ name }) => name === 'reserve')!

/** What a command is called with after its line was read. */
async function called(line: readonly string[]): Promise<{ request: CommandRequest; shared: unknown; code: number }> {
  let request: CommandRequest | undefined
  let shared: unknown
  let code = -1
  const echo: GroupCommand<string> = {
    ...{ name: 'echo', description: '', arguments: ['<first>', '[rest...]'] },
    options: reserve.options.filter(({ required }) => !required),
    async run(subject, given) {
      assert.equal(subject, 'lent')
      request = given
      return { lines: [], json: null, exitCode: 3 }
    },
  }
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  const lend = async (options: unknown, work: (subject: string) => ReturnType<typeof echo.run>) => {
    shared = options
    return work('lent')
  }
  addCommands(program, [echo], [{ flag: '--config <file>', description: '' }], lend, (value) => {
    code = value
  })
  await program.parseAsync(['echo', ...line], { from: 'user' })
  assert.ok(request)
  return { request, shared, code }
}

describe('command group', () => {
  it('default: arguments in order, options by camelCase name, the exit code of the result', async () => {
    const { request, code } = await called(['a', 'b', 'c', '--max-price', '7', '--request-id', 'x'])
    assert.deepEqual(request.arguments, ['a', 'b', 'c'])
    assert.deepEqual(request.options, { maxPrice: '7', requestId: 'x' })
    assert.equal(code, 3)
  })

  it('behavior: --no-wait arrives as noWait, and only when it was given', async () => {
    assert.deepEqual((await called(['a', '--no-wait'])).request.options, { noWait: true })
    assert.deepEqual((await called(['a'])).request.options, {})
  })

  it('behavior: options of the group go to who lends, not to the command', async () => {
    const { request, shared } = await called(['a', '--config', 'f.json'])
    assert.deepEqual(request.options, {})
    assert.equal((shared as { config: string }).config, 'f.json')
  })

  it('behavior: every option of every consumer command has a name of its own', () => {
    for (const { options } of consumerCommands) {
      const given = Object.fromEntries(
        options.map(({ flag }) => {
          const camel = flag
            .split(' ')[0]!
            .slice(2)
            .replace(/-(.)/g, (_, c: string) => c.toUpperCase())
          return camel.startsWith('no') && flag.startsWith('--no-')
            ? [camel[2]!.toLowerCase() + camel.slice(3), false]
            : [camel, 'v']
        }),
      )
      assert.equal(Object.keys(namedOptions(options, given)).length, options.length)
    }
  })

  it('error: a wrong value is a wrong command line, anything else a failure', () => {
    assert.equal(exitCodeOf(new ConsumerError('invalid-value', '')), 2)
    assert.equal(exitCodeOf(new ConfigError('unreadable', '')), 2)
    assert.equal(exitCodeOf(new ConsumerError('not-own', '')), 1)
    assert.equal(exitCodeOf(new Error('')), 1)
  })
})
