import { type Change, Contents } from './contents.js';
import type { DiskEvent } from './disk-recording.js';
import { applyName, type NameChange } from './name-change.js';
import type { Survival } from './survival.js';

/** The files of a folder, by name. */
export type Image = ReadonlyMap<string, Buffer>;

interface File {
  readonly synced: Contents;
  /** Changes since the last sync, oldest first. */
  readonly unsynced: Change[];
}

/** A sync in progress, which covers the changes from before its beginning. */
interface Sync {
  readonly file: number;
  readonly changes: number;
}

/**
 * A disk on which unsynced changes survive a power cut completely, in part or not at all, in any order. It applies the
 * events of a process, and returns the files after a power cut at that point.
 *
 * It loses more than real file systems do: a file's name is lost when the folder was not synced, even if the file was, and
 * sizes and names of different files have no order.
 */
export class SimulatedDisk {
  readonly #initial: Image;
  readonly #files = new Map<number, File>();
  readonly #syncs = new Map<number, Sync>();
  readonly #syncedNames = new Map<string, number>();
  readonly #names = new Map<string, number>();
  readonly #unsyncedNames: NameChange[] = [];
  #folder: number | undefined;
  #nextUnopened = -1;

  /** `initial` holds the files at the start, all of them synced. */
  constructor(initial: Image) {
    this.#initial = initial;
    for (const name of initial.keys()) {
      const file = this.#nextUnopened--;
      this.#files.set(file, { synced: new Contents(initial.get(name)), unsynced: [] });
      this.#names.set(name, file);
      this.#syncedNames.set(name, file);
    }
  }

  /** Whether a file has unsynced changes. */
  isUnsynced(name: string): boolean {
    return (this.#files.get(this.#names.get(name) ?? 0)?.unsynced.length ?? 0) > 0;
  }

  apply(event: DiskEvent): void {
    switch (event.kind) {
      case 'opened':
        this.#open(event.file, event.name, event.isNew);
        break;
      case 'written':
        this.#file(event.file).unsynced.push({ kind: 'write', at: event.at, data: event.data });
        break;
      case 'truncated':
        this.#file(event.file).unsynced.push({ kind: 'truncate', size: event.size });
        break;
      case 'sync-begun':
        this.#syncs.set(event.sync, { file: event.file, changes: this.#unsyncedOf(event.file).length });
        break;
      case 'sync-ended':
        this.#endSync(event.sync);
        break;
      case 'unlinked':
        this.#rename({ kind: 'unlink', name: event.name });
        break;
      case 'renamed':
        this.#rename({ kind: 'link', name: event.to, file: this.#names.get(event.from) ?? 0 });
        this.#rename({ kind: 'unlink', name: event.from });
        break;
      default:
        event satisfies never;
    }
  }

  /** The files after a power cut now. */
  imageAfterCut(survival: Survival): Image {
    const names = new Map(this.#syncedNames);
    for (const change of survival.ofNames(this.#unsyncedNames)) applyName(names, change);
    return this.#imageOf(names, (changes) => survival.ofChanges(changes));
  }

  /** The files without a power cut. */
  imageNow(): Image {
    return this.#imageOf(this.#names, (changes) => changes);
  }

  #imageOf(
    names: ReadonlyMap<string, number>,
    survivors: (changes: readonly Change[]) => Iterable<Change>,
  ): Image {
    const image = new Map<string, Buffer>();
    for (const [name, id] of names) {
      const { synced, unsynced } = this.#file(id);
      const contents = new Contents(synced.bytes);
      for (const change of survivors(unsynced)) contents.apply(change);
      image.set(name, contents.bytes);
    }
    return image;
  }

  #open(file: number, name: string, isNew: boolean): void {
    if (name === '') {
      this.#folder = file;
      return;
    }
    const known = this.#names.get(name);
    if (isNew) {
      this.#files.set(file, { synced: new Contents(), unsynced: [] });
      this.#rename({ kind: 'link', name, file });
    } else if (known !== undefined && known < 0) {
      this.#adopt(known, file);
    } else if (known !== file) {
      throw new Error(`${name} was opened, but not created; the folder had ${this.#initial.size} files`);
    }
  }

  /** Assigns its number to an initial file, which is known when it is opened first. */
  #adopt(unopened: number, file: number): void {
    this.#files.set(file, this.#file(unopened));
    for (const names of [this.#names, this.#syncedNames]) {
      for (const [name, known] of names) if (known === unopened) names.set(name, file);
    }
  }

  #rename(change: NameChange): void {
    applyName(this.#names, change);
    this.#unsyncedNames.push(change);
  }

  #endSync(number: number): void {
    const sync = this.#syncs.get(number);
    if (sync === undefined) throw new Error(`sync ${number} ended, but did not begin`);
    this.#syncs.delete(number);
    if (sync.file === this.#folder) {
      for (const change of this.#unsyncedNames.splice(0, sync.changes)) applyName(this.#syncedNames, change);
    } else {
      const { synced, unsynced } = this.#file(sync.file);
      for (const change of unsynced.splice(0, sync.changes)) synced.apply(change);
    }
    for (const [other, { file, changes }] of this.#syncs) {
      if (file === sync.file) this.#syncs.set(other, { file, changes: Math.max(0, changes - sync.changes) });
    }
  }

  #unsyncedOf(file: number): readonly unknown[] {
    return file === this.#folder ? this.#unsyncedNames : this.#file(file).unsynced;
  }

  #file(id: number): File {
    const file = this.#files.get(id);
    if (file === undefined) throw new Error(`file ${id} was used, but not opened`);
    return file;
  }
}
