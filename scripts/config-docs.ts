/** Writes the table of configuration keys into docs/operations.md: `node scripts/config-docs.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configTable } from '../src/node/config.ts'

const FILE = join(import.meta.dirname, '../docs/operations.md')

/** The document with the present table between its marks. */
export function withConfigTable(document: string): string {
  return document.replace(
    /<!-- config -->[\s\S]*<!-- \/config -->/,
    `<!-- config -->\n\n${configTable()}\n\n<!-- /config -->`,
  )
}

if (import.meta.main) writeFileSync(FILE, withConfigTable(readFileSync(FILE, 'utf8')))
