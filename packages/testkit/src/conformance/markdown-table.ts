/** A row of a table: its cells by the column's title, and its line, from 1. */
interface TableRow {
  readonly line: number;
  readonly cells: ReadonlyMap<string, string>;
}

/**
 * Parses the tables of a Markdown text whose first column has this title. A `|` inside a cell is written `\|`.
 *
 * @throws TypeError when there is none, or a row has more or fewer cells than the head.
 */
export function readTable(markdown: string, firstColumn: string): TableRow[] {
  const rows: TableRow[] = [];
  let titles: readonly string[] | undefined;
  let hasTable = false;
  for (const [index, text] of markdown.split('\n').entries()) {
    if (!text.startsWith('|')) {
      titles = undefined;
      continue;
    }
    const cells = cellsOf(text);
    if (titles === undefined) {
      titles = cells;
      hasTable ||= cells[0] === firstColumn;
      continue;
    }
    if (titles[0] !== firstColumn || cells.every((cell) => /^:?-+:?$/.test(cell))) continue;
    if (cells.length !== titles.length)
      throw new TypeError(`line ${index + 1} has ${cells.length} cells, the head has ${titles.length}`);
    rows.push({ line: index + 1, cells: new Map(titles.map((title, at) => [title, cells[at] ?? ''])) });
  }
  if (!hasTable) throw new TypeError(`there is no table whose first column is ${firstColumn}`);
  return rows;
}

function cellsOf(line: string): string[] {
  return line
    .replaceAll('\\|', '\u0000')
    .replace(/^\|/, '')
    .replace(/\|\s*$/, '')
    .split('|')
    .map((cell) => cell.trim().replaceAll('\u0000', '|'));
}

/** A cell of a row. @throws TypeError when the table has no such column. */
export function requireCell(row: TableRow, title: string): string {
  const cell = row.cells.get(title);
  if (cell === undefined) throw new TypeError(`line ${row.line}: the table has no column ${title}`);
  return cell;
}

/** The contents of a cell's code spans. */
export function codeSpans(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}
