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

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer').subarray(0, BYTES);
}
