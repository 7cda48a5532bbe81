/** UTF-8 never begins with this byte. */
const NOT_UTF8 = 0xff;
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/**
 * Turns a user id or fingerprint into the bytes of its column: UTF-8, which `convert_from(receiver, 'UTF8')` shows.
 *
 * The columns are `bytea` and not `text`, because `text` holds no NUL, knows no lone surrogate and depends on the
 * database's encoding: one odd id would fail everybody's messages of the same insert. Text that is not well-formed
 * is kept as UTF-16 behind a mark.
 */
export function toKey(text: string): Buffer {
  if (!LONE_SURROGATE.test(text)) return Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.of(NOT_UTF8), Buffer.from(text, 'utf16le')]);
}

/** The text of a key: what {@link toKey} was given. */
export function fromKey(key: Buffer): string {
  return key[0] === NOT_UTF8 ? key.toString('utf16le', 1) : key.toString('utf8');
}

/** FNV-1a over UTF-16 units, 32 bits, unsigned: the same on every node and in every version. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
