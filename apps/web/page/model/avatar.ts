/** How many tints there are; the style sheet has one rule for each. */
export const TINTS = 8;

/** The tint of a user: always the same for the same user id. */
export function tintOf(userId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < userId.length; i++) hash = Math.imul(hash ^ userId.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % TINTS;
}

/** What stands in the circle: the first letter, sign or emoji of the name. */
export function initialOf(userId: string): string {
  const [first] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(userId);
  return (first?.segment ?? '?').toUpperCase();
}
