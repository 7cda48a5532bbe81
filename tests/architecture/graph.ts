/** What a drawn arrow may also lead to: nothing, or a package of somebody else. */
const OUTSIDE = new Set(['nothing', 'ws']);

/**
 * The arrows of the drawing in ARCHITECTURE.md: for each folder that has some, the packages of ours that it leads to,
 * in alphabetical order.
 */
export function arrowsIn(document: string): Record<string, string[]> {
  const drawing = /^## The graph\n+```\n(.*?)^```/ms.exec(document)?.[1] ?? '';
  // What a line has no room for stands below it, indented.
  const rows = drawing.replaceAll(/\n +/g, ' ').split('\n');
  const arrows: Record<string, string[]> = {};
  for (const row of rows) {
    const [, folder = '', targets] = /^(\S+) .*→ (.*)$/.exec(row) ?? [];
    if (targets === undefined) continue;
    arrows[folder] = targets
      .split(', ')
      .map((target) => target.replace(/ \(.*\)$/, '').replace(/\/.*$/, ''))
      .filter((target) => !OUTSIDE.has(target))
      .sort();
  }
  return arrows;
}
