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
  it('tells every listener of an event and none of another', () => {
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

  it('stops telling a listener that has unsubscribed', () => {
    const heard: number[] = [];
    const emitter = emitterWith();
    const unsubscribe = emitter.on('count', (count) => heard.push(count));
    unsubscribe();
    unsubscribe();
    emitter.emit('count', 1);
    expect(heard).toEqual([]);
  });

  it('knows whether anybody listens', () => {
    const emitter = emitterWith();
    const listener = () => {};
    expect(emitter.has('count')).toBe(false);
    emitter.on('count', listener);
    expect(emitter.has('count')).toBe(true);
    emitter.off('count', listener);
    expect(emitter.has('count')).toBe(false);
  });

  it('tells the others when a listener throws, and reports the error', () => {
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

  it('tells those who were there when the event happened', () => {
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
