/** `npm run bench -- NAME [--json]`: runs bench/NAME.ts. */
const [name, ...args] = process.argv.slice(2)
if (name === undefined || !/^[a-z0-9-]+$/.test(name)) {
  console.error('usage: npm run bench -- NAME [--json]')
  process.exit(2)
}
const bench = (await import(`./${name}.ts`)) as { run(args: readonly string[]): void | Promise<void> }
await bench.run(args)
