import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { ChatSession } from './chat-session.js';

/**
 * Connects a chat to a pipe or a file: each line is a message. At the end of the input it waits until every line is
 * settled. SIGINT and SIGTERM do the same; a second signal ends the chat at once. Resolves with the exit code.
 */
export async function followLines(session: ChatSession, input: Readable): Promise<number> {
  const leave = (): void => void session.leave();
  process.on('SIGINT', leave);
  process.on('SIGTERM', leave);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const read = async (): Promise<void> => {
    for await (const line of lines) await session.take(line);
    await session.leave();
  };
  const reading = read();
  const code = await session.ended;
  lines.close();
  input.destroy();
  await reading;
  process.off('SIGINT', leave);
  process.off('SIGTERM', leave);
  return code;
}
