import { readFileSync } from 'node:fs';
import { createServer, silentLogger, tcp } from '@imcore/server';
import {
  compare,
  followEvents,
  judgeDifferences,
  type OtherSystem,
  parseKnownDifferences,
  parseRecording,
  playOverSockets,
  recordedRules,
  type ServerCallback,
  type ServerInProcess,
  SocketStage,
  showDifference,
} from '@imcore/testkit/conformance';
import { describe, expect, it } from 'vitest';
import { rabbitmq } from '../src/rabbitmq.js';
import { hasBroker, useScenes } from './support/broker.js';

const HOST = '127.0.0.1';
const read = (path: string) =>
  readFileSync(new URL(`../../../docs/protocol/${path}`, import.meta.url), 'utf8');

describe.runIf(await hasBroker())('the recorded conversation over the bridge', () => {
  const openScene = useScenes();

  it('goes as recorded on a real RabbitMQ, or as docs/protocol/differences.md says', async () => {
    const { web, options } = await openScene();
    const emit = (callback: ServerCallback) => inProcess.listener(callback);
    const server = createServer({
      transports: [tcp({ host: HOST, port: 0, senseMode: 3 })],
      hooks: recordedRules({ emit }),
      routes: [rabbitmq(options)],
      logger: silentLogger,
    });
    followEvents(server, emit);
    const joined = new Promise((resolve) => server.on('bridge', resolve));
    const [address] = await server.listen();
    const ports = { tcp: address?.port ?? 0, udp: 0, websocket: 0 };
    const otherSystem: OtherSystem = { onPublished: () => {}, send: (text) => web.send(text) };
    web.onReceived = (text) => otherSystem.onPublished(text);
    const inProcess: ServerInProcess = { server, listener: () => {}, otherSystem };
    await joined;
    const recording = parseRecording(read('vectors/tcp-bridge.json'));
    const transcript = await playOverSockets(recording, new SocketStage({ host: HOST, ports }), inProcess);
    await server.close({ drainMs: 0 });
    const differences = compare(recording, transcript, { closeFrames: true }).map(showDifference);
    const known = parseKnownDifferences(read('differences.md'));
    expect(judgeDifferences(known, 'tcp-bridge', differences)).toEqual({ undocumented: [], outdated: [] });
    expect(transcript.published).toHaveLength(3);
    expect((await web.takeDeadLetters()).map(({ text, code }) => [text, code])).toEqual([
      [expect.stringContaining('to nobody'), 'ERR_UNDELIVERABLE'],
      ['garbage{', 'ERR_MALFORMED_PACKET'],
      ['', 'ERR_EMPTY_FRAME'],
      ['null', 'ERR_MALFORMED_PACKET'],
    ]);
  });
});
