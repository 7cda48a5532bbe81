import { StoreError } from '@imcore/server';
import { type DemoSettings, SettingError } from './settings.js';

/** The settings that are ports, and the variables that set them. */
const PORTS = {
  httpPort: 'IMCORE_HTTP_PORT',
  tcpPort: 'IMCORE_TCP_PORT',
  udpPort: 'IMCORE_UDP_PORT',
  wsPort: 'IMCORE_WS_PORT',
} as const;

/** What a person is told when the program cannot start: one line where the cause is known. */
export function explainStartError(error: unknown, settings?: DemoSettings): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof SettingError || error instanceof StoreError) return `imcore demo: ${error.message}`;
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE') {
    return `imcore demo: ${address}:${port} is taken by another program. Stop that one, or choose another port with ${variablesOf(port, settings)}.`;
  }
  return `imcore demo: ${error.stack ?? error.message}`;
}

/** The variables that have set a port; all of them where none has. */
function variablesOf(port: number | undefined, settings: DemoSettings | undefined): string {
  const all = Object.entries(PORTS) as [keyof typeof PORTS, string][];
  const here = all.filter(([name]) => settings?.[name] === port);
  return (here.length > 0 ? here : all).map(([, variable]) => variable).join(' or ');
}
