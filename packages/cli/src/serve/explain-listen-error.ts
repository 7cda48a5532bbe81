import { CommandError } from '../command-error.js';

/** The settings that choose a port and an address, for the advice. */
interface DoorSettings {
  readonly ports: string;
  readonly host: string;
}

const DOORS: DoorSettings = { ports: '--tcp-port, --udp-port or --ws-port', host: '--host' };

/** A system's error while opening a port, as advice; any other error as it is. */
export function explainListenError(error: unknown, { ports, host }: DoorSettings = DOORS): unknown {
  if (!(error instanceof Error)) return error;
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const where = `${address ?? ''}:${port ?? ''}`;
  switch (code) {
    case 'EADDRINUSE':
      return new CommandError(
        `${where} is taken by another program`,
        `Stop that one, or choose another port with ${ports} (0 takes a free one).`,
        { cause: error },
      );
    case 'EACCES':
      return new CommandError(
        `this user may not listen on ${where}`,
        'Ports below 1024 need more rights: choose a higher one.',
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CommandError(
        `${address ?? 'the address'} is no address of this machine`,
        `Choose one with ${host}; 0.0.0.0 listens on all.`,
        { cause: error },
      );
    default:
      return error;
  }
}
