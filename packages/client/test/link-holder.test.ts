import { describe, expect, it } from 'vitest';
import { LinkHolder } from '../src/link-holder.js';
import { RecordingHandler } from './fixtures/recording-handler.js';
import { ScriptedTransport } from './fixtures/scripted-transport.js';

describe('LinkHolder', () => {
  it('closes the current link before it opens another, and ignores the old one', () => {
    const transport = new ScriptedTransport();
    const handler = new RecordingHandler();
    const holder = new LinkHolder(transport, handler);
    holder.open();
    holder.open();
    const [first, second] = transport.links;

    first?.handler.received('first');
    second?.handler.received('second');

    expect([first?.isClosed, second?.isClosed]).toEqual([true, false]);
    expect(handler.all).toEqual(['second']);
  });

  it('closes a link that was closed while connect was running', () => {
    const transport = new ScriptedTransport();
    const holder = new LinkHolder(transport, new RecordingHandler());
    transport.onConnect = () => holder.close();

    holder.open();

    expect(transport.link.isClosed).toBe(true);
    holder.send('{}');
    expect(transport.link.frames).toEqual([]);
  });

  it('sends nothing and has no buffered bytes without a link', () => {
    const holder = new LinkHolder(new ScriptedTransport(), new RecordingHandler());

    holder.send('{}');
    holder.close();

    expect(holder.bufferedBytes).toBe(0);
  });
});
