/** Files and folders from the root, and which of what is in them is left out. */
export interface FileSet {
  readonly paths: readonly string[];
  readonly without?: (path: string) => boolean;
}

export interface Step {
  readonly name: string;
  readonly inputs: FileSet;
  readonly outputs: FileSet;
  readonly run: (isIncremental: boolean) => void | Promise<void>;
}

/** Runs those steps of a build that are out of date, in their order, and returns their names. */
export function runOutOfDate(build: {
  readonly root: string;
  readonly recordFile: string;
  readonly settings: FileSet;
  readonly steps: readonly Step[];
  readonly report?: (name: string) => void;
}): Promise<string[]>;
