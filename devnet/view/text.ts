/** Rows of styled text that are exactly as wide as they should be. */
import { styleText } from 'node:util'

export type Style = 'plain' | 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan'

/** A piece of a row. Every character is one column wide: the view uses no others. */
export interface Span {
  text: string
  style: Style
}
export type Row = readonly Span[]

export const span = (text: string, style: Style = 'plain'): Span => ({ text, style })

/** Control characters come from logs and backends; on a terminal they would move the cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g

/** The row cut or padded to `columns`; a cut is shown by an ellipsis. */
export function fit(row: Row, columns: number): Row {
  const out: Span[] = []
  let left = columns
  for (const { text, style } of row) {
    const clean = text.replace(CONTROL, ' ')
    const characters = [...clean]
    if (characters.length <= left) {
      out.push({ text: clean, style })
      left -= characters.length
      continue
    }
    if (left > 0) out.push({ text: `${characters.slice(0, left - 1).join('')}…`, style })
    return out
  }
  if (left > 0) out.push(span(' '.repeat(left)))
  return out
}

export function paint(row: Row, colour: boolean): string {
  return row
    .map(({ text, style }) => (!colour || style === 'plain' ? text : styleText(style, text, { validateStream: false })))
    .join('')
}

/** Two pieces at the two ends of a row; what does not fit is cut from the left one. */
export function justify(left: Row, right: Row, columns: number): Row {
  const width = right.reduce((sum, { text }) => sum + [...text].length, 0)
  return [...fit(left, Math.max(0, columns - width - 1)), span(' '), ...right]
}
