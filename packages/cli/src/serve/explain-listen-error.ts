import { CommandError } from '../command-error.js';

/** Names of the settings for the port and the address, for the advice. */
interface ListenSettings {
  readonly ports: string;
  readonly host: string;
}

const TRANSPORTS: ListenSettings = { ports: '--tcp-port, --udp-port or --ws-port', host: '--host' };

/** Converts a system error of `listen` to a `CommandError` with advice. Returns other errors unchanged. */
export function explainListenError(error: unknown, { ports, host }: ListenSettings = TRANSPORTS): unknown {
  if (!(error instanceof Error)) return error;
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const where = `${address ?? ''}:${port ?? ''}`;
  switch (code) {
    case 'EADDRINUSE':
      return new CommandError(
        `${where} is already in use`,
        `Stop the program that uses it, or choose another port with ${ports} (0 picks a free port).`,
        { cause: error },
      );
    case 'EACCES':
      return new CommandError(
        `No permission to listen on ${where}`,
        'Ports below 1024 require extra privileges: choose a higher port.',
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CommandError(
        `${address ?? 'The host'} is not an address of this machine`,
        `Choose one with ${host}; 0.0.0.0 listens on all addresses.`,
        { cause: error },
      );
    default:
      return error;
  }
}
