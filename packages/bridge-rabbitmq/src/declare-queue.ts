import type { Connection } from 'rabbitmq-client';
import { BridgeError } from './bridge-error.js';

export interface QueueDeclaration {
  readonly queue: string;
  readonly arguments: Readonly<Record<string, string | number | boolean>>;
}

/**
 * Declares a queue: durable, shared, kept without consumers. One that exists with other arguments, or that this user may
 * not declare, is used as it is. Returns what is not as it should be, if anything.
 *
 * @throws BridgeError `ERR_BRIDGE_QUEUE` when it cannot be used at all
 */
export async function declareQueue(
  connection: Connection,
  declaration: QueueDeclaration,
): Promise<BridgeError | undefined> {
  const { queue, arguments: args } = declaration;
  const declare = (how: object) =>
    onItsOwnChannel(connection, (channel) => channel.queueDeclare({ queue, ...how }));
  try {
    await declare({ durable: true, exclusive: false, autoDelete: false, arguments: args });
    return undefined;
  } catch (first) {
    const code = codeOf(first);
    if (code !== 'PRECONDITION_FAILED' && code !== 'ACCESS_REFUSED') throw cannotBeUsed(queue, first);
    try {
      await declare({ passive: true });
    } catch (second) {
      // There is none, and none may be declared: the first answer says why.
      throw cannotBeUsed(queue, codeOf(second) === 'NOT_FOUND' ? first : second);
    }
    if (code === 'ACCESS_REFUSED') return undefined;
    const text = `queue ${queue} exists with other arguments and is used as it is: ${messageOf(first)}`;
    return new BridgeError('ERR_BRIDGE_QUEUE', text, { cause: first });
  }
}

/** The broker closes a channel on which a request failed. */
async function onItsOwnChannel(
  connection: Connection,
  use: (channel: Awaited<ReturnType<Connection['acquire']>>) => Promise<unknown>,
): Promise<void> {
  const channel = await connection.acquire({ emitErrorsFromChannel: true });
  channel.on('error', () => {});
  try {
    await use(channel);
  } finally {
    await channel.close();
  }
}

/** The broker's answer as an error that names the queue; any other error as it is. */
export function cannotBeUsed(queue: string, cause: unknown): unknown {
  if (!['NOT_FOUND', 'ACCESS_REFUSED', 'RESOURCE_LOCKED', 'PRECONDITION_FAILED'].includes(codeOf(cause)))
    return cause;
  return new BridgeError('ERR_BRIDGE_QUEUE', `queue ${queue} cannot be used: ${messageOf(cause)}`, { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
