/** The mesh's own errors; the codes are metric labels too. */
import { LightmeshError } from '../core/errors.ts'

export type MeshErrorCode =
  | 'invalid-key'
  | 'invalid-multiaddr'
  | 'unknown-topic'
  | 'already-subscribed'
  | 'message-too-long'
  | 'not-started'
  | 'listen-failed'

export class MeshError extends LightmeshError<MeshErrorCode> {
  override readonly name = 'MeshError'
}

/**
 * unknown-peer: no address of that node is known. unreachable: it can't be dialled or does not speak the protocol.
 * timeout, aborted: as they say. too-long, malformed: its answer broke the limits. remote: it answered with an error,
 * whose code the message carries. stopped: the mesh is not running. reset: the stream broke.
 */
export type RequestErrorCode =
  | 'unknown-peer'
  | 'unreachable'
  | 'timeout'
  | 'aborted'
  | 'too-long'
  | 'malformed'
  | 'remote'
  | 'reset'
  | 'stopped'

export class RequestError extends LightmeshError<RequestErrorCode> {
  override readonly name = 'RequestError'
}
