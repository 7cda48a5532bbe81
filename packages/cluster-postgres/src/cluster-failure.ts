import { ClusterError } from '@imcore/server/ports';

/** SQLSTATEs that no later try changes by itself: authentication, a database that does not exist, missing permission. */
const REJECTED = /^(?:28|3D000|42501)/;

/** What `pg` says where the server asks for a password and there is none. */
const NO_PASSWORD = /^SASL: .*client password must be/;

/** The error that the host is told. It contains no credentials. */
export function toClusterError(cause: unknown): ClusterError {
  if (cause instanceof ClusterError) return cause;
  const [message, code] = [messageOf(cause), codeOf(cause)];
  if (NO_PASSWORD.test(message))
    return new ClusterError(
      'ERR_CLUSTER_REJECTED',
      'PostgreSQL rejects this node: the server asks for a password, and none was given',
      { cause },
    );
  if (REJECTED.test(code))
    return new ClusterError('ERR_CLUSTER_REJECTED', `PostgreSQL rejects this node: ${message} (${code})`, {
      cause,
    });
  // When a host name with two addresses refuses the connection, the error has a code and no message.
  const reason = [message, code === '' ? '' : `(${code})`].filter((part) => part !== '').join(' ');
  return new ClusterError('ERR_CLUSTER_AWAY', `PostgreSQL cannot be reached: ${reason}`, { cause });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function codeOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
}
