/** Keys that Azure keeps as they are. It rewrites others without a word: `\` becomes `/`, dot segments are resolved. */
import { StorageError } from '../../core/ports/storage.ts'
import { checkKey } from '../keys.ts'

/** @throws {StorageError} `invalid-key`. */
export function checkAzureKey(key: string): void {
  checkKey(key)
  if (/\\|\p{Cc}/u.test(key) || key.split('/').some((segment) => segment === '' || segment.endsWith('.')))
    throw new StorageError(
      'invalid-key',
      'Azure takes no backslash, control character, empty segment or segment that ends in a dot',
    )
}
