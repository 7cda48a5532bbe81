import type { SyncStorage } from './storage-outbox.js';

/** The result of Alipay's calls, with the fields of an error if a call failed. */
interface AlipayResult {
  readonly data?: unknown;
  readonly success?: boolean;
  readonly error?: unknown;
  readonly errorMessage?: string;
}

/** The storage API of Alipay's `my`. */
export interface AlipayStorage {
  setStorageSync(options: { key: string; data: string }): unknown;
  getStorageSync(options: { key: string }): unknown;
  removeStorageSync(options: { key: string }): unknown;
  getStorageInfoSync(): { readonly keys: readonly string[] };
}

/**
 * Adapts Alipay's storage API to that of the other platforms: `storageOutbox(alipayStorage(my))`. Limits: 200 KB per
 * entry, 10 MB in total.
 */
export function alipayStorage(my: AlipayStorage): SyncStorage {
  return {
    setStorageSync: (key, data) => void checked(my.setStorageSync({ key, data })),
    getStorageSync: (key) => checked(my.getStorageSync({ key })).data,
    removeStorageSync: (key) => void checked(my.removeStorageSync({ key })),
    getStorageInfoSync: () => my.getStorageInfoSync(),
  };
}

/** Throws if a call failed. Alipay reports some errors in the result. */
function checked(returned: unknown): AlipayResult {
  const result: AlipayResult = typeof returned === 'object' && returned !== null ? returned : {};
  if (result.success !== false && result.error === undefined) return result;
  throw new Error(result.errorMessage ?? `error ${String(result.error)}`);
}
