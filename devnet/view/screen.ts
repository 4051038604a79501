/** A terminal taken over and given back: alternate screen, only changed rows written, `q` and Ctrl-C heard. */
import type { ReadStream, WriteStream } from 'node:tty'
import type { FrameSize } from './frame.ts'
import { paint, type Row } from './text.ts'

const ESC = '\u001b['
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}2J`
const LEAVE = `${ESC}?25h${ESC}?1049l`
/** Terminals that know it show a whole frame at once; the others ignore it. */
const BEGIN = `${ESC}?2026h`
const END = `${ESC}?2026l`
const CTRL_C = '\u0003'

export interface Screen {
  size(): FrameSize
  draw(rows: readonly Row[]): void
  /** Gives the terminal back as it was. A second call does nothing. */
  close(): void
}

export interface ScreenHandlers {
  /** `q`, `Q` or Ctrl-C was pressed. */
  onQuit(): void
  /** The window has another size; draw again. */
  onResize(): void
}

export function openScreen(input: ReadStream, output: WriteStream, handlers: ScreenHandlers): Screen {
  let shown: string[] = []
  let open = true
  const colour = output.hasColors()
  const size = () => ({ columns: output.columns || 80, rows: output.rows || 24 })
  const onData = (data: Buffer) => {
    const text = data.toString('latin1')
    if (text.includes(CTRL_C) || /q/i.test(text)) handlers.onQuit()
  }
  const onResize = () => {
    shown = []
    output.write(`${ESC}2J`)
    handlers.onResize()
  }
  const close = () => {
    if (!open) return
    open = false
    input.off('data', onData)
    output.off('resize', onResize)
    process.off('exit', close)
    input.setRawMode(false)
    input.pause()
    output.write(LEAVE)
  }
  input.setRawMode(true)
  input.resume()
  input.on('data', onData)
  output.on('resize', onResize)
  // Whatever ends the process, the terminal is usable afterwards.
  process.once('exit', close)
  output.write(ENTER)
  return {
    size,
    close,
    draw(rows) {
      if (!open) return
      const lines = rows.map((row) => paint(row, colour))
      const changes = lines.flatMap((line, i) => (line === shown[i] ? [] : [`${ESC}${i + 1};1H${line}`]))
      shown = lines
      if (changes.length > 0) output.write(`${BEGIN}${changes.join('')}${END}`)
    },
  }
}
