/** Where the passphrase comes from: a file, a service manager's credential or a terminal. Never from the command line. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReadStream, WriteStream } from 'node:tty'
import { KeystoreError } from './errors.ts'

export interface PassphraseSource {
  /** First line of this file. */
  file?: string | undefined
  /** Folder of a service manager's credentials (systemd sets CREDENTIALS_DIRECTORY) … */
  credentialsFolder?: string | undefined
  /** … and the credential's name in it. */
  credential?: string | undefined
  /** Asked last, without echo. */
  terminal?: { input: ReadStream; output: WriteStream } | undefined
}

const MAX_BYTES = 4096

/**
 * The passphrase from the first source that is there: file, credential, terminal.
 * @throws {KeystoreError} `passphrase-missing`, `passphrase-unreadable`; the signal's reason.
 */
export async function readPassphrase(source: PassphraseSource, signal?: AbortSignal): Promise<string> {
  if (source.file !== undefined) return fromFile(source.file, signal)
  if (source.credentialsFolder !== undefined && source.credential !== undefined)
    return fromFile(join(source.credentialsFolder, source.credential), signal)
  if (source.terminal?.input.isTTY) return ask(source.terminal.input, source.terminal.output, signal)
  throw new KeystoreError('passphrase-missing', 'no passphrase: name a file of it, or run in a terminal')
}

async function fromFile(path: string, signal: AbortSignal | undefined): Promise<string> {
  let text: string
  try {
    text = await readFile(path, { encoding: 'utf8', ...(signal && { signal }) })
  } catch (cause) {
    signal?.throwIfAborted()
    throw new KeystoreError('passphrase-unreadable', `the passphrase file ${path} can't be read`, { cause })
  }
  const [line = ''] = text.split(/\r?\n/, 1)
  if (line.length === 0 || line.length > MAX_BYTES)
    throw new KeystoreError('passphrase-unreadable', `the first line of ${path} is empty or too long`)
  return line
}

/** Reads one line in raw mode, so that nothing of it is shown. */
function ask(input: ReadStream, output: WriteStream, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = ''
    const finish = (settle: () => void) => {
      input.off('data', onData)
      signal?.removeEventListener('abort', onAbort)
      input.setRawMode(false)
      input.pause()
      output.write('\n')
      settle()
    }
    const onAbort = () => finish(() => reject(signal?.reason))
    const onData = (chunk: Buffer) => {
      for (const character of chunk.toString('utf8')) {
        if (character === '\r' || character === '\n')
          return finish(() =>
            typed.length > 0
              ? resolve(typed)
              : reject(new KeystoreError('passphrase-missing', 'the passphrase was empty')),
          )
        // Ctrl-C and Ctrl-D: raw mode turns the signal into a byte.
        if (character === '\u0003' || character === '\u0004')
          return finish(() => reject(new KeystoreError('passphrase-missing', 'no passphrase was given')))
        if (character === '\u007f' || character === '\b') typed = typed.slice(0, -1)
        else if (typed.length < MAX_BYTES) typed += character
      }
    }
    if (signal?.aborted) return reject(signal.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    output.write('Passphrase of the node key: ')
    input.setRawMode(true)
    input.on('data', onData)
    input.resume()
  })
}
