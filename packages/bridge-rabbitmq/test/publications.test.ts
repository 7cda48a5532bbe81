import { describe, expect, it } from 'vitest';
import { type Publication, Publications, type Ticket } from '../src/publications.js';

function publication(name: string, options: Partial<Publication> = {}): Publication {
  return {
    queue: name,
    body: Buffer.alloc(0),
    isRepeatable: true,
    mayWait: true,
    resolve: () => {},
    reject: () => {},
    ...options,
  };
}

const names = (tickets: readonly Ticket[]) => tickets.map((ticket) => ticket.publication.queue);

describe('Publications', () => {
  it('has each new link given them in the order in which they came', () => {
    const publications = new Publications(10, 1000);
    for (const name of ['1', '2', '3']) publications.add(publication(name), 0);
    for (const ticket of publications.unwritten()) publications.written(ticket, 1);
    expect(publications.unwritten()).toEqual([]);
    publications.lost();
    publications.add(publication('4'), 0);
    expect(names(publications.unwritten())).toEqual(['1', '2', '3', '4']);
  });

  it('ignores answers of a link that is lost', () => {
    const publications = new Publications(10, 1000);
    const ticket = publications.add(publication('1'), 0);
    publications.written(ticket, 1);
    publications.lost();
    expect(publications.answered(ticket, 1)).toBe(false);
    publications.written(ticket, 2);
    expect(publications.answered(ticket, 1)).toBe(false);
    expect(publications.answered(ticket, 2)).toBe(true);
    expect(publications.size).toBe(0);
  });

  it('returns, when the link is lost, what may not wait and what must not be written twice', () => {
    const publications = new Publications(10, 1000);
    const written = ['repeatable', 'once'].map((name) =>
      publications.add(publication(name, { isRepeatable: name === 'repeatable' }), 0),
    );
    for (const ticket of written) publications.written(ticket, 1);
    publications.add(publication('once, not written', { isRepeatable: false }), 0);
    publications.add(publication('may not wait', { mayWait: false }), 0);
    expect(names(publications.lost())).toEqual(['once', 'may not wait']);
    expect(names(publications.unwritten())).toEqual(['repeatable', 'once, not written']);
  });

  it('rejects one more than may wait', () => {
    const publications = new Publications(1, 1000);
    const ticket = publications.add(publication('1'), 0);
    expect(() => publications.add(publication('2'), 0)).toThrow('1 messages wait for the broker already');
    publications.written(ticket, 1);
    publications.answered(ticket, 1);
    publications.add(publication('3'), 0);
  });

  it('returns what has waited too long, written or not', () => {
    const publications = new Publications(10, 1000);
    publications.written(publications.add(publication('1'), 0), 1);
    publications.add(publication('2'), 500);
    expect(publications.nextDeadline).toBe(1000);
    expect(names(publications.expire(999))).toEqual([]);
    expect(names(publications.expire(1000))).toEqual(['1']);
    expect(publications.nextDeadline).toBe(1500);
    expect(names(publications.clear())).toEqual(['2']);
    expect(publications.nextDeadline).toBeUndefined();
  });
});
