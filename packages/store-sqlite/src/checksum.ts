import { crc32 } from 'node:zlib';

/**
 * The checksum of a message as it is stored: of its body, and of the names of sender, receiver and message. A single changed
 * bit always changes it.
 */
export function checksumOf(receiver: string, sender: string, fingerprint: string, body: Uint8Array): number {
  const names = hashOf(fingerprint, hashOf(sender, hashOf(receiver, 0)));
  // For no bytes, crc32 returns 0 or its second argument, depending on the memory behind the buffer.
  return (body.length === 0 ? names : crc32(body, names)) | 0;
}

/** FNV-1a, and the length: much faster for a short text than a call of {@link crc32}. */
function hashOf(text: string, seed: number): number {
  let hash = seed ^ text.length;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
