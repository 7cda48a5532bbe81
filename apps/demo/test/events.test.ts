import { describe, expect, it } from 'vitest';
import { EventFeed } from '../src/im/event-feed.js';
import { demos, eventsIn } from './running-demo.js';

const start = demos();

/** More events than a socket's buffer holds. */
const IDS = Array.from({ length: 20_000 }, (_, n) => n + 1);

function fill(feed: EventFeed): void {
  for (const _ of IDS) feed.add('server', 'filler', ['ann'], { text: 'x'.repeat(500) });
}

describe('the events', () => {
  it('continue where a reader had stopped', async () => {
    const demo = await start();
    await demo.post('loginConnect', { username: 'ann' });
    const all = await demo.events();
    const headers = { 'last-event-id': String(all[1]?.id) };
    const response = await fetch(`${demo.url}/api/messages?follow=false`, { headers });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(eventsIn(await response.text())[0]?.id).toBe(all[2]?.id);
  });

  it('are all sent, even if they are more than the buffer of a socket holds', async () => {
    const demo = await start({ IMCORE_MAX_EVENTS: '20000' });
    const feed = demo.application.get(EventFeed);
    fill(feed);
    const events = await demo.events('ann');
    expect(events.map(({ id }) => id)).toEqual(IDS);
  });

  it('are sent at the speed of a slow reader, without a buffer', async () => {
    const demo = await start({ IMCORE_MAX_EVENTS: '20000' });
    const feed = demo.application.get(EventFeed);
    const end = new AbortController();
    const response = await fetch(`${demo.url}/api/messages`, { signal: end.signal });
    fill(feed);
    const ids: number[] = [];
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk as Uint8Array, { stream: true });
      const whole = text.lastIndexOf('\n\n') + 2;
      ids.push(...eventsIn(text.slice(0, whole)).map(({ id }) => id));
      text = text.slice(whole);
      if (ids.length === IDS.length) break;
    }
    end.abort();
    expect(ids).toEqual(IDS);
  });

  it('are kept up to a maximum, the newest ones', async () => {
    const demo = await start({ IMCORE_MAX_EVENTS: '3' });
    await demo.post('loginConnect', { username: 'ann' });
    await demo.post('logout', { username: 'ann' });
    expect(await demo.events()).toHaveLength(3);
  });

  it('can be followed by a maximum number of readers', async () => {
    const demo = await start({ IMCORE_MAX_WATCHERS: '1' });
    const end = new AbortController();
    await fetch(`${demo.url}/api/messages`, { signal: end.signal });
    expect(await demo.request('messages')).toMatchObject({
      status: 503,
      body: { code: 'ERR_TOO_MANY_WATCHERS' },
    });
    end.abort();
  });

  it('do not block the shutdown', async () => {
    const demo = await start();
    const response = await fetch(`${demo.url}/api/messages`);
    await demo.application.close();
    expect(eventsIn(await response.text())).toEqual([]);
  });
});
