/** What a typed line asks for. */
type ChatCommand =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'to'; readonly user: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly word: string };

export const HELP = [
  '/to USER    talk to somebody else',
  '/help       this list',
  '/quit       leave; Ctrl+C and Ctrl+D do it too',
  '//text      say "/text"',
  '… waiting   ✓ received, or kept by the server   ✗ not delivered',
].join('\n');

/** A line that begins with one slash is a command, everything else is said. */
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
