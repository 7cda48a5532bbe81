import { readFileSync } from 'node:fs';
import { TCP_HEADER_BYTES } from '@imcore/protocol';
import { createServer, type ImServer, silentLogger, tcp, udp, websocket } from '@imcore/server';
import {
  compare,
  followEvents,
  isFrame,
  judgeDifferences,
  parseKnownDifferences,
  parseRecording,
  playOverSockets,
  recordedRules,
  type ServerCallback,
  SocketStage,
  showDifference,
  type Transcript,
} from '@imcore/testkit/conformance';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const HOST = '127.0.0.1';
const read = (path: string) => readFileSync(new URL(`../../docs/protocol/${path}`, import.meta.url), 'utf8');
const known = parseKnownDifferences(read('differences.md'));

/** The conversations that depend on no timer, and in which client and server do not close at the same time. */
const CONVERSATIONS = [
  ...[
    'login-ok',
    'login-refused',
    'qos-text-both-ways',
    'unlogged-frames-301',
    'c2s',
    's2c',
    'admin-kick',
  ].flatMap((scenario) => ['tcp', 'udp', 'ws'].map((transport) => `${transport}-${scenario}`)),
  'udp-logout',
  'ws-logout',
  'tcp-duplicate-login',
  'udp-duplicate-login',
  'ws-duplicate-login-then-tcp',
  'tcp-body-5k',
  'ws-body-5k',
];

interface RunningServer {
  readonly server: ImServer;
  readonly stage: SocketStage;
  listener: (callback: ServerCallback) => void;
}

async function startServer(): Promise<RunningServer> {
  const emit = (callback: ServerCallback) => running.listener(callback);
  const server = createServer({
    transports: [tcp, udp, websocket].map((transport) => transport({ host: HOST, port: 0, senseMode: 3 })),
    hooks: recordedRules({ emit }),
    logger: silentLogger,
  });
  followEvents(server, emit);
  const addresses = await server.listen();
  const portOf = (name: string) => addresses.find(({ transport }) => transport === name)?.port ?? 0;
  const ports = { tcp: portOf('tcp'), udp: portOf('udp'), websocket: portOf('websocket') };
  const running: RunningServer = {
    server,
    stage: new SocketStage({ host: HOST, ports }),
    listener: () => {},
  };
  return running;
}

describe('our server on real sockets', () => {
  let running: RunningServer;

  beforeEach(async () => {
    running = await startServer();
  });

  afterEach(async () => {
    await running.server.close({ drainMs: 0 });
  });

  async function play(name: string): Promise<Transcript> {
    return await playOverSockets(parseRecording(read(`vectors/${name}.json`)), running.stage, running);
  }

  it.each(CONVERSATIONS)('answers as recorded, or as docs/protocol/differences.md says: %s', async (name) => {
    const recording = parseRecording(read(`vectors/${name}.json`));
    const transcript = await play(name);
    const differences = compare(recording, transcript, { closeFrames: true }).map(showDifference);
    expect(judgeDifferences(known, name, differences)).toEqual({ undocumented: [], outdated: [] });
  });

  it.each(['tcp-login-ok', 'tcp-login-refused', 'tcp-qos-text-both-ways', 'tcp-body-5k'])(
    'writes the same bytes as the original, except for the time: %s',
    async (name) => {
      const recording = parseRecording(read(`vectors/${name}.json`));
      const transcript = await play(name);
      for (const connection of new Set(recording.entries.map((entry) => entry.connection))) {
        const recorded = recording.entries.find(
          (entry) => entry.connection === connection && isFrame(entry, 'server'),
        );
        if (recorded?.kind !== 'frame' || recorded.wholeFrameHex === undefined) continue;
        const ours = transcript.observationsOf(connection)[0];
        const bytes = ours?.kind === 'frame' ? Buffer.from(ours.wholeFrame ?? []) : Buffer.alloc(0);
        expect(bytes.readUInt32BE(0)).toBe(bytes.length - TCP_HEADER_BYTES);
        expect(withoutTime(bytes)).toBe(withoutTime(Buffer.from(recorded.wholeFrameHex, 'hex')));
      }
    },
  );
});

/** A frame with its header, and with the login time replaced. */
function withoutTime(frame: Buffer): string {
  return frame.toString('latin1').replace(/(?<=firstLoginTime\\":)\d{13}/, 'T'.repeat(13));
}
