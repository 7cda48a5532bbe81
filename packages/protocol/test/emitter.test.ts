import { describe, expect, it } from 'vitest';
import { Emitter } from '../src/emitter.js';

interface Events {
  count: number;
  text: string;
}

function emitterWith(errors: unknown[] = []): Emitter<Events> {
  return new Emitter<Events>((error, name) => errors.push([name, error]));
}

describe('Emitter', () => {
  it('calls every listener of an event and no listener of another event', () => {
    const heard: unknown[] = [];
    const emitter = emitterWith();
    emitter.on('count', (count) => heard.push(['first', count]));
    emitter.on('count', (count) => heard.push(['second', count]));
    emitter.on('text', (text) => heard.push(['other', text]));
    emitter.emit('count', 7);
    expect(heard).toEqual([
      ['first', 7],
      ['second', 7],
    ]);
  });

  it('does not call a listener that has unsubscribed', () => {
    const heard: number[] = [];
    const emitter = emitterWith();
    const unsubscribe = emitter.on('count', (count) => heard.push(count));
    unsubscribe();
    unsubscribe();
    emitter.emit('count', 1);
    expect(heard).toEqual([]);
  });

  it('reports whether an event has listeners', () => {
    const emitter = emitterWith();
    const listener = () => {};
    expect(emitter.has('count')).toBe(false);
    emitter.on('count', listener);
    expect(emitter.has('count')).toBe(true);
    emitter.off('count', listener);
    expect(emitter.has('count')).toBe(false);
  });

  it('calls the other listeners when a listener throws, and reports the error', () => {
    const errors: unknown[] = [];
    const heard: number[] = [];
    const failure = new Error('broken');
    const emitter = emitterWith(errors);
    emitter.on('count', () => {
      throw failure;
    });
    emitter.on('count', (count) => heard.push(count));
    emitter.emit('count', 3);
    expect(heard).toEqual([3]);
    expect(errors).toEqual([['count', failure]]);
  });

  it('calls the listeners that were present when the event was emitted', () => {
    const heard: string[] = [];
    const emitter = emitterWith();
    emitter.on('count', () => {
      emitter.on('count', () => heard.push('late'));
      heard.push('early');
    });
    emitter.emit('count', 1);
    expect(heard).toEqual(['early']);
  });
});
