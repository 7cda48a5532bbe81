import { hash } from 'node:crypto';

const BYTES = 16;

/** What makes a message unique, in 16 bytes of SHA-256: nobody can make two messages of the same. */
export function keyOf(receiver: string, sender: string, fingerprint: string): Buffer {
  return digest(`${sender.length}:${sender}${receiver.length}:${receiver}${fingerprint}`);
}

/** Names two users, whoever of them is named first. */
export function pairOf(a: string, b: string): Buffer {
  const [first, second] = a < b ? [a, b] : [b, a];
  return digest(`${first.length}:${first}${second}`);
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer').subarray(0, BYTES);
}
