import type { SyncStorage } from './storage-outbox.js';

/** What Alipay's calls give back: members of a failure among them where they failed. */
interface AlipayResult {
  readonly data?: unknown;
  readonly success?: boolean;
  readonly error?: unknown;
  readonly errorMessage?: string;
}

/** The part of Alipay's `my` that keeps data. */
export interface AlipayStorage {
  setStorageSync(options: { key: string; data: string }): unknown;
  getStorageSync(options: { key: string }): unknown;
  removeStorageSync(options: { key: string }): unknown;
  getStorageInfoSync(): { readonly keys: readonly string[] };
}

/**
 * Alipay's storage in the form that other platforms' have: `storageOutbox(alipayStorage(my))`. It takes 200 KB an entry,
 * 10 MB in all.
 */
export function alipayStorage(my: AlipayStorage): SyncStorage {
  return {
    setStorageSync: (key, data) => void checked(my.setStorageSync({ key, data })),
    getStorageSync: (key) => checked(my.getStorageSync({ key })).data,
    removeStorageSync: (key) => void checked(my.removeStorageSync({ key })),
    getStorageInfoSync: () => my.getStorageInfoSync(),
  };
}

/** Alipay tells of some failures in what it gives back instead of throwing. */
function checked(given: unknown): AlipayResult {
  const result: AlipayResult = typeof given === 'object' && given !== null ? given : {};
  if (result.success !== false && result.error === undefined) return result;
  throw new Error(result.errorMessage ?? `error ${String(result.error)}`);
}
