/**
 * Storage driver of a disk unit: the node works on its own folder, everyone else comes through the node's S3 endpoint
 * with presigned URLs.
 */
import type { Cancellable, PresignedRequest, PresignOptions, StorageDriver } from '../../core/ports/storage.ts'
import type { S3Address, S3Keys } from '../../core/sigv4/presign.ts'
import { checkBackend } from '../check-backend.ts'
import { presignGrant } from '../s3/presign-grant.ts'
import type { FolderStore } from './folder-store.ts'

export interface DiskDriverOptions {
  /** Closed by whoever opened it, not by the driver: the endpoint serves from it, too. */
  store: FolderStore
  /** The endpoint as others reach it. */
  address: S3Address
  /** Known to the endpoint; signs the URLs. */
  keys: S3Keys
}

export function createDiskDriver({ store, address, keys }: DiskDriverOptions): StorageDriver {
  return {
    kind: 'disk',
    capabilities: {
      presign: true,
      bindsLength: true,
      multipart: true,
      conditionalWrites: true,
      maxPutBytes: 5 * 2 ** 30,
    },
    multipart: store.multipart,
    put: (key, body, options) => store.put(key, body, options),
    get: (key, options) => store.get(key, options),
    head: (key) => store.head(key),
    list: (options) => store.list(options),
    delete: (key) => store.delete(key),
    validate: (options: Cancellable = {}) => checkBackend(store, options),
    presign: async (options: PresignOptions): Promise<PresignedRequest> => presignGrant(address, keys, options),
    async close() {},
  }
}
