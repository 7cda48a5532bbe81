import { ExtensionType, PacketType } from '@imcore/protocol';
import type { ServerCluster } from '../cluster/server-cluster.js';
import type { Dispatcher } from '../delivery/dispatcher.js';
import type { LocalRoute } from '../delivery/local-route.js';
import { asError } from '../errors.js';
import type { Feeds } from '../feeds/feeds.js';
import { type HookRunner, isThenable } from '../hook-runner.js';
import type { Sender, SessionInfo } from '../hooks.js';
import type { PacketHandler } from '../ports/packet-handler.js';
import type { Runtime } from '../runtime.js';
import type { AddressChecks } from '../sessions/address-checks.js';
import type { Answers } from '../sessions/answers.js';
import type { PeerReports } from '../sessions/peer-reports.js';
import type { UnknownReceivers } from '../users/unknown-receivers.js';
import type { UserRegistry } from '../users/user-registry.js';
import { acknowledgement } from './acknowledgement.js';
import { DataHandler } from './data.js';
import { echo } from './echo.js';
import type { Handler, Handlers } from './handler.js';
import { keepAlive } from './keep-alive.js';
import { logPacket, position, sync } from './log.js';
import { LoginHandler } from './login.js';
import { logout } from './logout.js';
import { request } from './request.js';

/** Creates the table of handlers: one for each packet type that a client sends. */
export function createHandlers(
  runtime: Runtime,
  users: UserRegistry,
  hooks: HookRunner,
  dispatcher: Dispatcher,
  local: LocalRoute,
  checks: AddressChecks,
  answers: Answers,
  reports: PeerReports,
  toSender: (session: SessionInfo) => Sender,
  unknownReceivers: UnknownReceivers | undefined,
  cluster: ServerCluster | undefined,
  feeds: Feeds | undefined,
  custom: Readonly<Record<number, PacketHandler>>,
): Handlers {
  return new Map<number, Handler>([
    [PacketType.Login, new LoginHandler(runtime, users, hooks, checks, answers, cluster, feeds)],
    [PacketType.KeepAlive, keepAlive(answers, checks)],
    [
      PacketType.Data,
      new DataHandler(runtime, users, hooks, dispatcher, reports, toSender, unknownReceivers, cluster),
    ],
    [PacketType.Logout, logout],
    [PacketType.Acknowledgement, acknowledgement(runtime, local, checks, reports)],
    [PacketType.Echo, echo(answers)],
    ...(feeds === undefined ? [] : logHandlers(runtime, reports, feeds)),
    ...Object.entries(custom).map(([type, handler]): [number, Handler] => [
      Number(type),
      guarded(runtime, handler),
    ]),
  ]);
}

/** The handlers of the extension. Without a store its types are unknown, like any other. */
const logHandlers = (runtime: Runtime, reports: PeerReports, feeds: Feeds): [number, Handler][] => [
  [ExtensionType.Position, logPacket(runtime, reports, position)],
  [ExtensionType.Sync, logPacket(runtime, reports, sync)],
  [ExtensionType.Request, logPacket(runtime, reports, request(runtime, feeds.requests))],
];

/** Catches and reports what a handler of the application throws, or rejects with. */
function guarded({ events }: Runtime, handler: PacketHandler): Handler {
  const { allowed, isWork } = handler;
  const report = (error: unknown): void => events.emit('error', asError(error));
  return {
    allowed,
    isWork,
    handle(session, packet, now) {
      try {
        // An asynchronous function is a handler too, though the server does not wait for it.
        const handled: unknown = handler.handle(session, packet, now);
        if (isThenable(handled)) handled.then(undefined, report);
      } catch (error) {
        report(error);
      }
    },
  };
}
