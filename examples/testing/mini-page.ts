import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';

const require = createRequire(import.meta.url);

/** A page or an app of a mini-program as the platform makes one: its definition, with `setData` beside. */
export interface MiniObject {
  data: Record<string, unknown>;
  setData(change: Record<string, unknown>): void;
  // biome-ignore lint/suspicious/noExplicitAny: what else it has is the example's affair.
  [member: string]: any;
}

/** Runs files of a mini-program, one after the other, with the given names in their scope. */
export class MiniRuntime {
  readonly #scope: Record<string, unknown>;
  #defined: MiniObject | undefined;

  constructor(scope: Record<string, unknown>) {
    const define = (definition: object): void => {
      this.#defined = instantiate(definition);
    };
    this.#scope = {
      ...scope,
      App: define,
      Page: define,
      require: requireForMiniPrograms,
      setTimeout,
      clearTimeout,
    };
  }

  /** Makes a name known to the files that follow. */
  provide(name: string, value: unknown): void {
    this.#scope[name] = value;
  }

  /** Runs a file. Returns what it has handed to `App` or `Page`. */
  load(path: string): MiniObject {
    const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
    runInNewContext(readFileSync(file, 'utf8'), this.#scope, { filename: file });
    if (this.#defined === undefined) throw new Error(`${path} defines neither an app nor a page`);
    return this.#defined;
  }
}

function instantiate(definition: object): MiniObject {
  const object: MiniObject = {
    ...definition,
    data: { ...('data' in definition ? (definition.data as object) : {}) },
    setData(change) {
      Object.assign(this.data, change);
    },
  };
  return object;
}

/** The developer tools find the client's single file for the package's name. */
function requireForMiniPrograms(name: string): unknown {
  if (name !== '@imcore/client') throw new Error(`no module ${name} in the mini-program`);
  const manifest = require.resolve('@imcore/client/package.json');
  const { miniprogram } = require(manifest) as { miniprogram: string };
  return require(manifest.replace(/package\.json$/, `${miniprogram}/index.js`));
}
