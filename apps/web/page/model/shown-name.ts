/** Control characters, and characters that change the direction of the text around them. */
const CONTROLS = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
/** Characters of scripts that are written from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const [ISOLATE, END] = ['\u2068', '\u2069'];

/**
 * Returns a user id as the page shows it. No id can reorder the text around it: characters that change the direction are
 * replaced, and an id in a script that is written from right to left is isolated.
 */
export function shownName(userId: string): string {
  const name = userId.replace(CONTROLS, '\ufffd');
  return RIGHT_TO_LEFT.test(name) ? `${ISOLATE}${name}${END}` : name;
}
