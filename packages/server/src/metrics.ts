/** The definition of a metric. */
export interface MetricDefinition {
  /** `counter`: a total since the start. `gauge`: the value now. */
  readonly kind: 'counter' | 'gauge';
  /** What is counted. */
  readonly unit:
    | 'sessions'
    | 'sockets'
    | 'users'
    | 'messages'
    | 'packets'
    | 'events'
    | 'bytes'
    | 'nodes'
    | 'entries'
    | 'devices'
    | 'milliseconds';
  readonly help: string;
  /** `transport`: counted separately for each transport. */
  readonly labels: readonly 'transport'[];
}

/** One value of one metric. */
export interface MetricSample {
  readonly name: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The metrics that are counted separately for each transport. */
export class TransportMetrics {
  sessionsOpen = 0;
  sessionsAccepted = 0;
  packetsReceived = 0;
}

/** The metrics of a server. {@link SERVER_METRICS} defines each. */
export class ServerMetrics {
  readonly #transports = new Map<string, TransportMetrics>();
  readonly #updates: (() => void)[] = [];
  socketsWithoutLogin = 0;
  usersOnline = 0;
  unprovenAddresses = 0;
  messagesInFlight = 0;
  bytesUnderWay = 0;
  bridgeJoined = 0;
  bridgePending = 0;
  clusterJoined = 0;
  clusterPeers = 0;
  clusterDrainWaiting = 0;
  clusterClaims = 0;
  clusterOldestBeatMs = 0;
  sessionsRejected = 0;
  sessionsTimedOut = 0;
  loginsAccepted = 0;
  loginsRejected = 0;
  loginsDelayed = 0;
  loginsTurnedAway = 0;
  kickOuts = 0;
  violations = 0;
  handshakesRejected = 0;
  workersLost = 0;
  workerDrops = 0;
  proxyHeadersRejected = 0;
  datagramsTooLarge = 0;
  amplificationPrevented = 0;
  spoofedSenders = 0;
  notLoggedIn = 0;
  notAuthorized = 0;
  withoutReceiver = 0;
  unknownTypes = 0;
  invalidOffers = 0;
  invalidExtensions = 0;
  withoutSessionKey = 0;
  unknownAcknowledgements = 0;
  messagesAccepted = 0;
  messagesDuplicate = 0;
  fingerprintsReused = 0;
  messagesDelivered = 0;
  messagesToServer = 0;
  messagesFromServer = 0;
  messagesStored = 0;
  messagesReplayed = 0;
  messagesExpired = 0;
  entriesTrimmed = 0;
  entriesWritten = 0;
  requests = 0;
  feedReads = 0;
  feedSyncs = 0;
  devicesRemoved = 0;
  messagesDisplaced = 0;
  messagesTooLarge = 0;
  messagesUndelivered = 0;
  messagesBridged = 0;
  messagesFromBridge = 0;
  duplicatesFromBridge = 0;
  rejectedFromBridge = 0;
  bridgeFailures = 0;
  hookTimeouts = 0;
  pauses = 0;
  retransmissions = 0;
  abandoned = 0;
  storeFailures = 0;
  storeTimeouts = 0;
  clockJumps = 0;
  replaysDelayed = 0;
  limitSessions = 0;
  limitSessionsPerAddress = 0;
  limitOpenFiles = 0;
  limitLoginTimeout = 0;
  limitUnprovenAddresses = 0;
  limitPackets = 0;
  limitUnacknowledged = 0;
  limitUnknownReceivers = 0;
  limitUnacknowledgedBytes = 0;
  limitBytesUnderWay = 0;
  sendersSlowedDown = 0;
  limitBufferedBytes = 0;
  limitStalled = 0;
  limitRemembered = 0;
  limitDeferredPackets = 0;
  limitOfflineNotices = 0;
  limitUnansweredStoreCalls = 0;
  limitQueue = 0;
  limitStore = 0;
  limitDeadLetters = 0;
  clusterFramesSent = 0;
  clusterFramesReceived = 0;
  clusterFramesDropped = 0;
  clusterFramesUnreadable = 0;
  clusterBytesSent = 0;
  clusterBytesReceived = 0;
  clusterGaps = 0;
  clusterHintsSent = 0;
  clusterHintsReceived = 0;
  clusterHintsTaken = 0;
  clusterHintsLost = 0;
  clusterClaimsLost = 0;
  clusterSweeps = 0;
  clusterSweepFinds = 0;
  clusterReadsWoken = 0;
  clusterLooks = 0;
  bugs = 0;

  /** Returns the metrics of one transport; creates them if there are none. */
  ofTransport(transport: string): TransportMetrics {
    let metrics = this.#transports.get(transport);
    if (metrics === undefined) {
      metrics = new TransportMetrics();
      this.#transports.set(transport, metrics);
    }
    return metrics;
  }

  /** `update` is called before the values are read, for gauges that change by themselves. */
  beforeRead(update: () => void): void {
    this.#updates.push(update);
  }

  /** Returns every value by name; those of the transports are added up. */
  snapshot(): Record<string, number> {
    const values: Record<string, number> = { ...new TransportMetrics() };
    for (const { name, value } of this.samples()) values[name] = (values[name] ?? 0) + value;
    return values;
  }

  /** Returns every value; those of a transport have its name as a label. */
  samples(): MetricSample[] {
    for (const update of this.#updates) update();
    const samples: MetricSample[] = [];
    for (const [transport, metrics] of this.#transports)
      for (const [name, value] of Object.entries(metrics))
        samples.push({ name: name as MetricName, labels: { transport }, value });
    for (const [name, value] of Object.entries(this))
      samples.push({ name: name as MetricName, labels: {}, value });
    return samples;
  }
}

type CounterNames<Metrics> = {
  [Name in keyof Metrics]: Metrics[Name] extends number ? Name : never;
}[keyof Metrics];

/** The names of all metrics. */
export type MetricName = CounterNames<ServerMetrics> | CounterNames<TransportMetrics>;

const gauge = (unit: MetricDefinition['unit'], help: string): MetricDefinition => {
  return { kind: 'gauge', unit, help, labels: [] };
};
const counter = (unit: MetricDefinition['unit'], help: string): MetricDefinition => {
  return { kind: 'counter', unit, help, labels: [] };
};
const forEachTransport = (metric: MetricDefinition): MetricDefinition => ({
  ...metric,
  labels: ['transport'],
});

/**
 * The table of metrics. The compiler checks that it is complete. The documentation and metrics pages are generated from it.
 *
 * @see docs/reference/metrics.md
 */
export const SERVER_METRICS: Readonly<Record<MetricName, MetricDefinition>> = {
  sessionsOpen: forEachTransport(gauge('sessions', 'sessions that are open, logged in or not')),
  sessionsAccepted: forEachTransport(counter('sessions', 'sessions that were accepted')),
  packetsReceived: forEachTransport(counter('packets', 'frame bodies that arrived, readable or not')),
  socketsWithoutLogin: gauge(
    'sockets',
    'accepted sockets whose login, or first HTTP request, has not arrived',
  ),
  usersOnline: gauge('users', 'users with at least one session'),
  unprovenAddresses: gauge('sessions', 'UDP sessions whose addresses are not proven yet'),
  messagesInFlight: gauge('messages', 'QoS messages that are with a receiver and not acknowledged'),
  bytesUnderWay: gauge('bytes', 'memory for everything under way: `maxBytesUnderWay`'),
  bridgeJoined: gauge('events', '1 while the bridge has joined the other system, else 0'),
  bridgePending: gauge('messages', 'messages that the broker of the bridge has not confirmed'),
  clusterJoined: gauge('events', '1 while frames travel between the nodes of the cluster, else 0'),
  clusterPeers: gauge('nodes', 'other nodes of the cluster that are known'),
  clusterDrainWaiting: gauge('events', '1 while a drain waits because no other node takes users, else 0'),
  clusterClaims: gauge('sessions', 'sessions of all nodes that are known'),
  clusterOldestBeatMs: gauge(
    'milliseconds',
    'how long the quietest known node was not heard; 0 without others',
  ),
  sessionsRejected: counter(
    'sessions',
    'connections beyond `maxSessions`, `maxSessionsPerAddress` or the open files',
  ),
  sessionsTimedOut: counter('sessions', 'sessions that sent no packet within the read time-out'),
  loginsAccepted: counter('events', 'logins that were accepted'),
  loginsRejected: counter('events', 'logins that got a response code other than 0'),
  loginsDelayed: counter('events', 'logins that had to wait: `loginsPerSecondPerAddress`'),
  loginsTurnedAway: counter('events', 'logins whose session was closed by the same limit'),
  kickOuts: counter('packets', 'kick-out packets that were written'),
  violations: counter('packets', 'packets that could not be read: event `violation`'),
  handshakesRejected: counter('events', 'TLS and WebSocket handshakes that failed'),
  workersLost: counter('events', 'worker processes of transports that ended unexpectedly'),
  workerDrops: counter('events', 'sockets and datagrams that workers dropped while the core was behind'),
  proxyHeadersRejected: counter(
    'events',
    'missing or malformed headers of trusted proxies: event `violation`',
  ),
  datagramsTooLarge: counter('packets', 'datagrams longer than `maxReceiveBytes`, dropped'),
  amplificationPrevented: counter('packets', 'frames beyond what a UDP address may be sent, dropped'),
  spoofedSenders: counter('messages', "packets in another user's name, dropped"),
  notLoggedIn: counter('packets', 'packets of sessions that are not logged in'),
  notAuthorized: counter('messages', 'messages that `authorizeMessage` rejected'),
  withoutReceiver: counter('messages', 'messages without a valid receiver'),
  invalidOffers: counter(
    'packets',
    'logins whose offer of an extension was invalid; they are handled without it',
  ),
  invalidExtensions: counter('packets', 'packets of the extension that were invalid, and ignored'),
  withoutSessionKey: counter(
    'packets',
    'datagrams without the key of their session: somebody else may have sent them',
  ),
  unknownTypes: counter('packets', 'packets of a type without a handler'),
  unknownAcknowledgements: counter('packets', 'acknowledgements of messages that are not in flight'),
  messagesAccepted: counter('messages', 'messages from users, without copies'),
  messagesDuplicate: counter('messages', 'copies of messages that were accepted before'),
  fingerprintsReused: counter('messages', 'messages with a known fingerprint and another content'),
  messagesDelivered: counter('messages', 'messages that reached their receiver'),
  messagesToServer: counter('messages', 'messages that `onServerMessage` was called for'),
  messagesFromServer: counter('messages', 'messages of `ImServer.send`'),
  messagesStored: counter('messages', 'messages that were stored'),
  messagesReplayed: counter('messages', 'stored messages that were written to a receiver'),
  messagesExpired: counter('messages', 'messages that became dead letters: `maxAgeMs`'),
  entriesWritten: counter(
    'entries',
    'entries of logs that were written to sessions with a feed, also repeated ones',
  ),
  requests: counter('events', 'requests of clients, such as for the history'),
  feedReads: counter('events', 'times that the log was read for a session with a feed'),
  feedSyncs: counter('events', 'times that a device asked for entries that had not come'),
  entriesTrimmed: counter(
    'entries',
    'entries removed from logs although a device had not taken them: `maxLogEntries`',
  ),
  devicesRemoved: counter('devices', 'devices removed because they did not log in: `deviceExpiryMs`'),
  messagesDisplaced: counter('messages', 'messages that became dead letters: displaced'),
  messagesTooLarge: counter('messages', "messages too long for the receiver's transport"),
  messagesUndelivered: counter('messages', 'messages that were dropped: event `undelivered`'),
  messagesBridged: counter('messages', 'messages that the broker of the bridge accepted'),
  messagesFromBridge: counter('messages', 'messages that came over the bridge, copies included'),
  duplicatesFromBridge: counter('messages', 'copies of messages that came over the bridge before'),
  rejectedFromBridge: counter('messages', 'messages from the bridge that cannot be handled'),
  bridgeFailures: counter('events', 'times that the broker did not accept a message'),
  hookTimeouts: counter('events', 'hook calls that exceeded `hookTimeoutMs`'),
  pauses: counter('events', 'times that the process did not run for half a second or longer'),
  retransmissions: counter('packets', 'copies that were written to receivers again'),
  abandoned: counter('messages', 'messages never acknowledged, without a store'),
  storeFailures: counter('events', 'store calls that failed, unreadable messages'),
  storeTimeouts: counter('events', 'store calls without an answer within `storeTimeoutMs`'),
  clockJumps: counter('events', 'times that the wall clock jumped forward: event `clockJumped`'),
  replaysDelayed: counter('events', 'times that new messages were sent before stored ones'),
  limitSessions: counter('events', 'times that `maxSessions` was reached'),
  limitSessionsPerAddress: counter('events', 'times that `maxSessionsPerAddress` was reached'),
  limitOpenFiles: counter('sockets', 'sockets rejected because too many files are open'),
  limitLoginTimeout: counter('sockets', 'sockets closed without a login: `loginTimeoutMs`'),
  limitUnprovenAddresses: counter('events', 'times that `maxUnprovenAddresses` was reached'),
  limitPackets: counter('packets', 'times that `packetsPerSecond` was reached'),
  limitUnacknowledged: counter('messages', 'times that `maxUnacknowledged` was reached'),
  limitUnknownReceivers: counter('messages', 'times that `unknownReceiversPerHour` was reached'),
  limitUnacknowledgedBytes: counter('messages', 'times that `maxUnacknowledgedBytes` was reached'),
  limitBytesUnderWay: counter('messages', 'times that `maxBytesUnderWay` left no room'),
  sendersSlowedDown: counter('events', 'pauses in reading from senders with much under way'),
  limitBufferedBytes: counter('events', 'times that `maxBufferedBytes` was reached'),
  limitStalled: counter('events', 'times that `stallTimeoutMs` was reached'),
  limitRemembered: counter('events', 'times that fingerprints were forgotten early'),
  limitDeferredPackets: counter('packets', 'packets dropped while 64 waited for a hook'),
  limitOfflineNotices: counter('messages', 'messages without a call of `onStored`'),
  limitUnansweredStoreCalls: counter('events', 'store calls not made while 64 were unanswered'),
  limitQueue: counter('messages', 'messages rejected because a queue was full'),
  limitStore: counter('messages', 'messages rejected because the store was full: `maxTotalBytes`'),
  limitDeadLetters: counter('messages', 'dead letters that were deleted: `maxDeadLetters`'),
  clusterFramesSent: counter('packets', 'frames that were sent to other nodes'),
  clusterFramesReceived: counter('packets', 'frames that came from other nodes, readable or not'),
  clusterFramesDropped: counter('packets', 'frames that were not sent: the bus was away or busy'),
  clusterFramesUnreadable: counter('packets', 'frames that could not be read'),
  clusterBytesSent: counter('bytes', 'bytes of frames that were sent to other nodes'),
  clusterBytesReceived: counter('bytes', 'bytes of frames that came from other nodes'),
  clusterGaps: counter('events', 'times that a node was asked for all of its sessions'),
  clusterHintsSent: counter('events', 'users whose node was told that the store has messages for them'),
  clusterHintsReceived: counter('events', 'users for whom the store has messages, as other nodes said'),
  clusterHintsTaken: counter(
    'entries',
    'entries in hints that were written to a session without a read of the store',
  ),
  clusterHintsLost: counter('events', 'times that hints of another node were missing'),
  clusterClaimsLost: counter('sessions', 'sessions that lost to a login at another node'),
  clusterSweeps: counter('events', 'times that the store was asked for messages that nobody has hinted'),
  clusterSweepFinds: counter('events', 'users for whom the store had some'),
  clusterReadsWoken: counter(
    'events',
    "times that a user's log was read because another node had stored messages",
  ),
  clusterLooks: counter('messages', "messages within this node for which the receiver's log was read first"),
  bugs: counter('events', 'internal errors of the server'),
};
