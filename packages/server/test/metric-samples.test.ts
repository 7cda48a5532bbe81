import { describe, expect, it } from 'vitest';
import { SERVER_METRICS } from '../src/metrics.js';
import { Bench } from './support/bench.js';

describe('the samples of a server', () => {
  it('contain every metric, for each transport if it has the label, before the first connection', () => {
    const { server } = new Bench({});
    const expected = Object.entries(SERVER_METRICS).flatMap(([name, { labels }]) =>
      labels.length === 0
        ? [`${name} `]
        : ['tcp', 'udp', 'websocket'].map((transport) => `${name} ${transport}`),
    );
    const names = server.metricSamples().map(({ name, labels }) => `${name} ${labels['transport'] ?? ''}`);
    expect(names.sort()).toEqual(expected.sort());
  });
});
