/**
 * `npm run sim:mutations`: breaks one safety rule after the other in a copy of the sources and expects the simulation to notice
 * within a stated number of seeds. A mutation that survives means that a checker sees nothing. Exit code 1 then.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

interface Edit {
  file: string
  from: string
  to: string
}

interface Mutation {
  name: string
  edits: readonly Edit[]
  /** The simulation has to fail within this many seeds. */
  seeds: number
}

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'send a commit before it is journalled',
    seeds: 60,
    edits: [
      {
        file: 'src/oracle/phases/commit.ts',
        from: '  // 11.1 Journal before sending; the batch',
        to: '  send(ctx, round, message, bytes)\n  // 11.1 Journal before sending; the batch',
      },
    ],
  },
  {
    name: 'count a signer twice',
    seeds: 20,
    edits: [{ file: 'src/oracle/phases/transmit.ts', from: 'list.push(held)', to: 'list.push(held, held)' }],
  },
  {
    name: 'accept a late commit',
    seeds: 100,
    edits: [
      { file: 'src/oracle/timing.ts', from: "now <= phaseMs(ctx.epochs, epoch, 'commitCountedUntil')", to: 'now > 0' },
      { file: 'src/oracle/phases/reveal.ts', from: 'at <= until', to: 'at > 0' },
    ],
  },
  {
    name: 'drop the inclusion rule',
    seeds: 200,
    edits: [{ file: 'src/oracle/phases/agree.ts', from: 'omitted.length > 0', to: 'omitted.length > 99' }],
  },
  {
    name: 'a quorum one too low',
    seeds: 20,
    edits: [
      {
        file: 'src/core/quorum.ts',
        from: 'Math.floor((n + maxFaulty(n)) / 2) + 1',
        to: 'Math.floor((n + maxFaulty(n)) / 2)',
      },
    ],
  },
  {
    name: 'leaves in the order in which reveals arrived',
    seeds: 20,
    edits: [
      {
        file: 'src/oracle/phases/inputs.ts',
        from: 'for (const { hash } of proposal.inputs) {',
        to: 'const wanted = new Set(proposal.inputs.map((input) => input.hash))\n  for (const hash of round.headers.keys()) {\n    if (!wanted.has(hash)) continue',
      },
      {
        file: 'src/oracle/state/state.ts',
        from: 'for (const { node } of seats) if (!next.has(node)) next.set(node, 0n)',
        to: 'for (const node of counting) next.set(node, next.get(node) ?? 0n)\n  for (const { node } of seats) if (!next.has(node)) next.set(node, 0n)',
      },
      {
        file: 'src/oracle/state/state.ts',
        from: 'new Map([...next].sort(([a], [b]) => (a < b ? -1 : 1)))',
        to: 'next',
      },
    ],
  },
  {
    name: 'sign although the journal is not complete',
    seeds: 200,
    edits: [
      {
        file: 'src/oracle/engine.ts',
        from: '    return this.#journalCovers(journal, round)\n',
        to: '    return true\n',
      },
    ],
  },
  {
    name: 'count a reveal that nobody else saw committed in time',
    seeds: 100,
    edits: [{ file: 'src/oracle/evaluate.ts', from: 'witnesses.length >= f + 1', to: 'witnesses.length >= 1' }],
  },
  {
    name: 'take any secret',
    seeds: 100,
    edits: [
      {
        file: 'src/oracle/messages/reveal-header.ts',
        from: '!rules.secrets.verify(seat.node, seat.anchor, m.epoch, m.secret)',
        to: 'm.secret.length === 0',
      },
    ],
  },
  {
    name: 'leave the node out of the commit',
    seeds: 100,
    edits: [
      { file: 'src/core/hash-list.ts', from: 'out.set(hexToBytes(node), 64)', to: 'out.fill(node.length, 64, 84)' },
    ],
  },
]

const ROOT = resolve(import.meta.dirname, '../..')

/** Runs the mutated copy; resolves with what failed, or nothing. */
function runMutated(mutation: Mutation): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'lightmesh-mutation-'))
  for (const part of ['src/core', 'src/scoring', 'src/oracle', 'test/sim', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  for (const { file, from, to } of mutation.edits) {
    const path = join(folder, file)
    const text = readFileSync(path, 'utf8')
    if (text.split(from).length !== 2) throw new Error(`${mutation.name}: "${from}" is not in ${file} exactly once`)
    writeFileSync(
      path,
      text.replace(from, () => to),
    )
  }
  const args = [join(folder, 'test/sim/run.ts'), '--seeds', String(mutation.seeds), '--until-failure', '--json']
  return new Promise((done) => {
    execFile(process.execPath, args, { maxBuffer: 1 << 26 }, (error, _stdout, stderr) => {
      rmSync(folder, { recursive: true, force: true })
      const failed = stderr.split('\n').find((line) => line.startsWith('seed '))
      done(error ? (failed ?? stderr.split('\n').slice(0, 3).join(' ')).slice(0, 160) : undefined)
    })
  })
}

let survived = 0
for (const mutation of MUTATIONS) {
  const noticed = await runMutated(mutation)
  if (noticed === undefined) survived++
  console.log(
    `${noticed ? 'noticed ' : 'SURVIVED'} ${mutation.name} (≤ ${mutation.seeds} seeds)${noticed ? `: ${noticed}` : ''}`,
  )
}
console.log(`${MUTATIONS.length - survived} of ${MUTATIONS.length} mutations noticed`)
process.exitCode = survived > 0 ? 1 : 0
