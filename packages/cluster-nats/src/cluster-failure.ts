import { ClusterError } from '@imcore/server/ports';
import {
  AuthorizationError,
  PermissionViolationError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node';

const REJECTIONS = [AuthorizationError, PermissionViolationError, UserAuthenticationExpiredError];

/** The error that the host is told. It contains no credentials. */
export function toClusterError(cause: unknown): ClusterError {
  if (cause instanceof ClusterError) return cause;
  const message = cause instanceof Error ? cause.message || codeOf(cause) : String(cause);
  return REJECTIONS.some((rejection) => cause instanceof rejection)
    ? new ClusterError('ERR_CLUSTER_REJECTED', `NATS rejects this node: ${message}`, { cause })
    : new ClusterError('ERR_CLUSTER_AWAY', `NATS cannot be reached: ${message}`, { cause });
}

/** When a host name with two addresses refuses the connection, the error has a code and no message. */
function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}
