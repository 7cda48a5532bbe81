import { expect, it } from 'vitest';
import { appendToBob, type Section } from './fixture.js';

export const epoch: Section = (open) => {
  it('is text of 1 to 64 characters that does not change while the store is used', async () => {
    const store = await open();
    const first = await store.epoch();
    expect(first).toMatch(/^[\x21-\x7e]{1,64}$/);
    await appendToBob(store, '1');
    expect(await store.epoch()).toBe(first);
  });

  it('differs between stores', async () => {
    const stores = [await open(), await open(), await open()];
    const epochs = await Promise.all(stores.map((store) => store.epoch()));
    expect(new Set(epochs).size).toBe(3);
  });
};
