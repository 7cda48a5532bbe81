/** A parsed input line. */
type ChatCommand =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'to'; readonly user: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly word: string };

export const HELP = [
  '/to USER    choose the recipient',
  '/help       show this list',
  '/quit       quit, as Ctrl+C and Ctrl+D do',
  '//text      send "/text"',
  '… waiting   ✓ received, or stored by the server   ✗ not delivered',
].join('\n');

/** A line that starts with a single slash is a command, any other line is a message. */
export function parseLine(line: string): ChatCommand {
  if (line.trim() === '') return { kind: 'nothing' };
  if (line.startsWith('//')) return { kind: 'say', text: line.slice(1) };
  if (!line.startsWith('/')) return { kind: 'say', text: line };
  const [word = '', ...rest] = line.trim().split(/\s+/);
  const argument = rest.join(' ');
  if (word === '/to' && argument !== '') return { kind: 'to', user: argument };
  if (word === '/help') return { kind: 'help' };
  if (word === '/quit') return { kind: 'quit' };
  return { kind: 'unknown', word };
}
