/** Everything that can go wrong with a node's key file. No message carries key or passphrase. */
import { LightmeshError } from '../../core/errors.ts'

export type KeystoreErrorCode =
  | 'key-missing'
  | 'key-exists'
  | 'key-unreadable'
  /** Not a Web3 Secret Storage document of version 3. */
  | 'malformed'
  /** A cipher or key derivation that this program does not know, or one that would cost more than it allows. */
  | 'unsupported'
  | 'wrong-passphrase'
  | 'passphrase-missing'
  | 'passphrase-unreadable'
  /** Another living process uses the key. */
  | 'key-in-use'
  | 'lease-lost'

export class KeystoreError extends LightmeshError<KeystoreErrorCode> {
  override readonly name = 'KeystoreError'
}
