import { NODE_ACTIONS, type NodeAction } from './node-condition.js';

/** What the user asks for, with a key or a button. */
export type Order =
  | { readonly kind: 'node'; readonly action: NodeAction; readonly node: number }
  | { readonly kind: 'talk'; readonly isOn: boolean }
  | { readonly kind: 'say'; readonly from: string; readonly text: string };

/** A line of the keyboard. */
type Line =
  | Order
  | { readonly kind: 'status' }
  | { readonly kind: 'help' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'toggle' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'wrong'; readonly reason: string };

const KEYS: Readonly<Record<string, NodeAction>> = {
  k: 'kill',
  s: 'start',
  p: 'pause',
  r: 'resume',
  c: 'cut',
  h: 'heal',
  l: 'loss',
};

/** The keys, for the terminal. */
export const HELP = `Keys, each with the number of a node and Enter, such as "k 2":
  k  kill -9          s  start      p  pause (SIGSTOP)   r  resume
  c  cut the link     h  heal it    l  lose 20 % of the frames
Without a number: t starts and stops the messages, i shows the state, ? this text, q quits.
`;

const MAX_TEXT = 500;

/** Parses a line of the keyboard, for a cluster with so many nodes. */
export function parseLine(line: string, nodes: number): Line {
  const [key = '', number, ...rest] = line.trim().toLowerCase().split(/\s+/);
  if (key === '') return { kind: 'nothing' };
  if (number === undefined) {
    if (key === 't') return { kind: 'toggle' };
    if (key === 'i') return { kind: 'status' };
    if (key === '?') return { kind: 'help' };
    if (key === 'q') return { kind: 'quit' };
  }
  const action = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  if (action === undefined || rest.length > 0)
    return { kind: 'wrong', reason: `Unknown key ${JSON.stringify(line.trim())}. ? shows all keys.` };
  if (!isNode(Number(number), nodes))
    return {
      kind: 'wrong',
      reason: `${key} needs the number of a node from 1 to ${nodes}, such as "${key} 1".`,
    };
  return { kind: 'node', action, node: Number(number) };
}

/** Parses an order of the control page. Undefined if it is not valid. */
export function parseOrder(body: string, nodes: number): Order | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, action, node, isOn, from, text } = value as Readonly<Record<string, unknown>>;
  if (kind === 'talk' && typeof isOn === 'boolean') return { kind, isOn };
  if (kind === 'say' && typeof from === 'string' && typeof text === 'string') {
    const isValid = text.trim() !== '' && text.length <= MAX_TEXT;
    return isValid ? { kind, from, text } : undefined;
  }
  const known = NODE_ACTIONS.find((name) => name === action);
  if (kind !== 'node' || known === undefined || !isNode(node, nodes)) return undefined;
  return { kind, action: known, node };
}

function isNode(number: unknown, nodes: number): number is number {
  return Number.isInteger(number) && Number(number) >= 1 && Number(number) <= nodes;
}
