import { StoreError } from '@imcore/server';
import { SettingError } from './settings.js';

/** What a person is told when the program cannot start: one line where the cause is known. */
export function explainStartError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof SettingError || error instanceof StoreError) return `imcore demo: ${error.message}`;
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE') {
    return `imcore demo: ${address}:${port} is taken by another program. Stop that one, or choose another port with IMCORE_HTTP_PORT, IMCORE_TCP_PORT, IMCORE_UDP_PORT or IMCORE_WS_PORT.`;
  }
  return `imcore demo: ${error.stack ?? error.message}`;
}
