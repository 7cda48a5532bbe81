import type { Transport } from '@imcore/client';
import { CLIENT_RETRY } from '@imcore/protocol';
import type { Connection, ServerTransport } from '@imcore/server/ports';
import { dataFingerprint, peek } from './frames.js';
import type { Journal } from './journal.js';
import { wrapServerTransport } from './wrapped-server-transport.js';
import { wrapTransport } from './wrapped-transport.js';

/** Copies of one message that a client may write to one link for each call of `send`. */
const MAX_COPIES = 1 + CLIENT_RETRY.retries;

/** The connections that the server has accepted and whose end was not reported to it. */
export class OpenConnections {
  readonly #open = new Set<Connection>();

  get size(): number {
    return this.#open.size;
  }

  has(address: string, port: number): boolean {
    for (const { remoteAddress, remotePort } of this.#open) {
      if (remoteAddress === address && remotePort === port) return true;
    }
    return false;
  }

  watch(transport: ServerTransport): ServerTransport {
    return wrapServerTransport(transport, (connection) => {
      this.#open.add(connection);
      return { closed: () => this.#open.delete(connection) };
    });
  }
}

/** Records the frames on a device's links, and reports when it writes too many copies. */
export function watchTransport(transport: Transport, device: string, journal: Journal): Transport {
  return wrapTransport(transport, () => {
    const copies = new Map<string, number>();
    return {
      send: (frame, pass) => {
        if (journal.isTracing) journal.note(device, `> ${frame}`);
        if (frame.includes('"type":2,')) countCopy(frame, copies, device, journal);
        pass(frame);
      },
      receive: (frame, pass) => {
        if (journal.isTracing) journal.note(device, `< ${frame}`);
        pass(frame);
      },
    };
  });
}

function countCopy(frame: string, copies: Map<string, number>, device: string, journal: Journal): void {
  const written = (copies.get(frame) ?? 0) + 1;
  copies.set(frame, written);
  if (written <= MAX_COPIES) return;
  const packet = peek(frame);
  const fingerprint = dataFingerprint(packet);
  if (fingerprint === undefined) return;
  const sends = journal.find(packet?.from, fingerprint)?.isRepeated === true ? 2 : 1;
  if (written > MAX_COPIES * sends)
    journal.breach(`${device} wrote copy ${written} of ${fingerprint} to one link`);
}
