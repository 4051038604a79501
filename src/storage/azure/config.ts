/** Where a container is and which account key opens it. */
import { StorageError } from '../../core/ports/storage.ts'

export interface AzureConfig {
  /** e.g. `https://account.blob.core.windows.net`, or `http://127.0.0.1:10000/devstoreaccount1`. */
  endpoint: string
  account: string
  /** Base64. */
  accountKey: string
  container: string
}

/** @throws {StorageError} `invalid-config` that names the field. */
export function checkAzureConfig(config: AzureConfig): void {
  const wrong = (what: string) => new StorageError('invalid-config', what)
  if (!URL.canParse(config.endpoint)) throw wrong(`endpoint: ${JSON.stringify(config.endpoint)} is not a URL`)
  if (!/^https?:$/.test(new URL(config.endpoint).protocol)) throw wrong('endpoint: only http and https')
  if (!/^[a-z0-9]{3,24}$/.test(config.account)) throw wrong('account: 3–24 lower-case letters and digits')
  if (!/^[A-Za-z0-9+/]{40,}={0,2}$/.test(config.accountKey)) throw wrong('accountKey: not base64')
  if (!/^[a-z0-9](?:-?[a-z0-9]){2,62}$/.test(config.container))
    throw wrong('container: 3–63 lower-case letters, digits and single dashes')
}
