import { hash } from 'node:crypto';

const BYTES = 16;

/** A message's key, 16 bytes of SHA-256: collisions cannot be forged. */
export function keyOf(receiver: string, sender: string, fingerprint: string): Buffer {
  return digest(`${sender.length}:${sender}${receiver.length}:${receiver}${fingerprint}`);
}

/** The key of a conversation between two users, the same in either order. */
export function pairOf(a: string, b: string): Buffer {
  const [first, second] = a < b ? [a, b] : [b, a];
  return digest(`${first.length}:${first}${second}`);
}

/** From a string, because a digest as a buffer costs five times as much: it gets memory of its own. */
function digest(text: string): Buffer {
  return Buffer.from(hash('sha256', text, 'binary').slice(0, BYTES), 'latin1');
}
