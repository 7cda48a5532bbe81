/** Targets of arrows that are not packages of ours. */
const OUTSIDE = new Set(['nothing']);

/**
 * The arrows of the graph in ARCHITECTURE.md: for each folder, the packages of ours that it depends on, in alphabetical
 * order.
 */
export function arrowsIn(document: string): Record<string, string[]> {
  const drawing = /^## The graph\n+```\n(.*?)^```/ms.exec(document)?.[1] ?? '';
  // Long lines continue on the next line, indented.
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
