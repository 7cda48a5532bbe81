/** Number of tints; the style sheet has one rule for each. */
export const TINTS = 8;

/** Returns the tint of a user, from a hash of the user id. */
export function tintOf(userId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < userId.length; i++) hash = Math.imul(hash ^ userId.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % TINTS;
}

/** Returns the text of an avatar: the first grapheme of the user id. */
export function initialOf(userId: string): string {
  const [first] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(userId);
  return (first?.segment ?? '?').toUpperCase();
}
