import type { ApiCallbacks } from './fake-socket.js';

/** WeChat's limits: 1 MB per key, 10 MB in total. */
const MAX_KEY_BYTES = 1024 * 1024;
const MAX_BYTES = 10 * 1024 * 1024;

/** The key-value storage of a fake mini-program. It outlives restarts of the program. */
export class FakeStorage {
  readonly #later: (run: () => void) => void;
  readonly #values = new Map<string, string>();

  constructor(later: (run: () => void) => void) {
    this.#later = later;
  }

  get api() {
    return {
      getStorageSync: (key: string): unknown => this.#get(key) ?? '',
      setStorageSync: (key: string, data: unknown): void => this.#set(key, data),
      removeStorageSync: (key: string): void => void this.#values.delete(key),
      getStorageInfoSync: () => ({ keys: [...this.#values.keys()], limitSize: MAX_BYTES / 1024 }),
      getStorage: (options: { key: string } & ApiCallbacks) =>
        this.#answer(options, 'getStorage', () => {
          const data = this.#get(options.key);
          if (data === undefined) throw new Error('data not found');
          return { data };
        }),
      setStorage: (options: { key: string; data: unknown } & ApiCallbacks) =>
        this.#answer(options, 'setStorage', () => this.#set(options.key, options.data)),
      removeStorage: (options: { key: string } & ApiCallbacks) =>
        this.#answer(options, 'removeStorage', () => void this.#values.delete(options.key)),
    };
  }

  #get(key: string): unknown {
    const text = this.#values.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  #set(key: string, data: unknown): void {
    const text = JSON.stringify(data);
    if (text.length > MAX_KEY_BYTES) throw new Error('entry size limit reached');
    let total = text.length;
    for (const [other, value] of this.#values) if (other !== key) total += value.length;
    if (total > MAX_BYTES) throw new Error('exceed storage max size 10Mb');
    this.#values.set(key, text);
  }

  #answer(callbacks: ApiCallbacks, api: string, run: () => unknown): void {
    this.#later(() => {
      let result: object;
      try {
        result = { ...Object(run()), errMsg: `${api}:ok` };
        callbacks.success?.(result);
      } catch (error) {
        result = { errMsg: `${api}:fail ${error instanceof Error ? error.message : error}` };
        callbacks.fail?.(result);
      }
      callbacks.complete?.(result);
    });
  }
}
