/** A parsed input line. */
type ChatCommand =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'to'; readonly user: string }
  | { readonly kind: 'history'; readonly limit: number | undefined }
  | { readonly kind: 'devices' }
  | { readonly kind: 'logout'; readonly device: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly word: string };

export const HELP = [
  '/to USER       choose the recipient',
  '/history [N]   show the N messages before those shown, default 20',
  '/devices       list your devices',
  '/logout ID     log out a device of yours; the first characters of its ID are enough',
  '/help          show this list',
  '/quit          quit, as Ctrl+C and Ctrl+D do',
  '//text         send "/text"',
  '… waiting   ✓ received, or stored by the server   ✗ not delivered   · earlier message',
].join('\n');

/** Maximum argument of `/history`. */
export const MAX_HISTORY = 1000;

/** A line that starts with a single slash is a command, any other line is a message. */
export function parseLine(line: string): ChatCommand {
  if (line.trim() === '') return { kind: 'nothing' };
  if (line.startsWith('//')) return { kind: 'say', text: line.slice(1) };
  if (!line.startsWith('/')) return { kind: 'say', text: line };
  const [word = '', ...rest] = line.trim().split(/\s+/);
  const argument = rest.join(' ');
  if (word === '/to' && argument !== '') return { kind: 'to', user: argument };
  if (word === '/history' && isHistoryLength(argument)) {
    return { kind: 'history', limit: argument === '' ? undefined : Number(argument) };
  }
  if (word === '/devices') return { kind: 'devices' };
  if (word === '/logout' && argument !== '') return { kind: 'logout', device: argument };
  if (word === '/help') return { kind: 'help' };
  if (word === '/quit') return { kind: 'quit' };
  return { kind: 'unknown', word };
}

function isHistoryLength(argument: string): boolean {
  return (
    argument === '' ||
    (/^\d{1,4}$/.test(argument) && Number(argument) >= 1 && Number(argument) <= MAX_HISTORY)
  );
}
