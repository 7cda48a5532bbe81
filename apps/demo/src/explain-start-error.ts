import { StoreError } from '@imcore/server';
import { type DemoSettings, SettingError } from './settings.js';

/** The settings for ports and their environment variables. */
const PORTS = {
  httpPort: 'IMCORE_HTTP_PORT',
  tcpPort: 'IMCORE_TCP_PORT',
  udpPort: 'IMCORE_UDP_PORT',
  wsPort: 'IMCORE_WS_PORT',
} as const;

/** The text shown when the program cannot start: one line if the cause is known, else the stack. */
export function explainStartError(error: unknown, settings?: DemoSettings): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof SettingError || error instanceof StoreError) return `imcore demo: ${error.message}`;
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE') {
    return `imcore demo: ${address}:${port} is already in use. Stop the program that uses it, or choose another port with ${variablesOf(port, settings)}.`;
  }
  return `imcore demo: ${error.stack ?? error.message}`;
}

/** The variables that set this port; all of them if none does. */
function variablesOf(port: number | undefined, settings: DemoSettings | undefined): string {
  const all = Object.entries(PORTS) as [keyof typeof PORTS, string][];
  const here = all.filter(([name]) => settings?.[name] === port);
  return (here.length > 0 ? here : all).map(([, variable]) => variable).join(' or ');
}
