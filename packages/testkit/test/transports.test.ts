import { websocket as platformWebSocket } from '@imcore/client';
import { miniProgramSocket } from '@imcore/client/mini-program';
import { tcp as tcpLink, udp as udpLink, websocket as wsLink } from '@imcore/client/node';
import { tcp, udp, websocket } from '@imcore/server';
import { afterEach, describe, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  FakeMiniProgram,
  type FakeMiniProgramOptions,
} from '../../../tests/support/mini-program/fake-mini-program.js';
import { describeTransport } from '../src/contracts/transport-contract.js';
import { memoryTransportFixture, realTransportFixture } from './fixtures/transport-fixture.js';

const host = '127.0.0.1';
const url = (port: number): string => `ws://${host}:${port}/websocket`;

describeTransport('tcp', 'tcp', () =>
  realTransportFixture(tcp({ host, port: 0 }), (port) => tcpLink({ host, port })),
);

describeTransport('udp', 'udp', () =>
  realTransportFixture(udp({ host, port: 0 }), (port) => udpLink({ host, port })),
);

describeTransport('ws', 'websocket', () =>
  realTransportFixture(websocket({ host, port: 0 }), (port) => wsLink({ url: url(port) })),
);

describe('on a platform with a WebSocket of its own', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  describeTransport('the platform’s WebSocket', 'websocket', () => {
    // Node 20 has none; that of the package ws keeps to the same standard.
    if (!('WebSocket' in globalThis)) vi.stubGlobal('WebSocket', WebSocket);
    return realTransportFixture(websocket({ host, port: 0 }), (port) =>
      platformWebSocket({ url: url(port) }),
    );
  });
});

for (const kind of ['tcp', 'udp', 'websocket'] as const) {
  describeTransport(`memory ${kind}`, kind, () => memoryTransportFixture(kind));
}

const MINI_PROGRAMS: readonly [string, Omit<FakeMiniProgramOptions, 'openSocket'>][] = [
  ['WeChat', { dialect: 'wx' }],
  ['uni-app', { dialect: 'uni' }],
  ['Alipay', { dialect: 'my' }],
  ['Douyin', { dialect: 'tt', returnsTaskOnFailure: false }],
];

for (const [name, options] of MINI_PROGRAMS) {
  describeTransport(`mini-program ${name}`, 'websocket', () =>
    realTransportFixture(websocket({ host, port: 0 }), (port) =>
      miniProgramSocket({ platform: newProgram(options).api, url: url(port) }),
    ),
  );
}

function newProgram(options: Omit<FakeMiniProgramOptions, 'openSocket'>): FakeMiniProgram {
  return new FakeMiniProgram({
    ...options,
    openSocket: (target, headers) => new WebSocket(target, { headers }),
  });
}
