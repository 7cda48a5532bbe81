/** A change of a folder itself: durable after a sync of the folder, not of the file. */
export type NameChange =
  | { readonly kind: 'link'; readonly name: string; readonly file: number }
  | { readonly kind: 'unlink'; readonly name: string };

/** Applies a change to the names of a folder, which lead to files by number. */
export function applyName(names: Map<string, number>, change: NameChange): void {
  if (change.kind === 'link') names.set(change.name, change.file);
  else names.delete(change.name);
}
