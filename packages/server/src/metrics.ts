/** Everything that is counted, by name. Totals since the start, except where a name says otherwise. */
export class ServerMetrics {
  /** Sessions that are open now, logged in or not. */
  sessionsOpen = 0;
  /** Users that are online now. */
  usersOnline = 0;
  /** QoS messages that are with a receiver now and not acknowledged. */
  messagesInFlight = 0;
  /** 1 while the bridge has joined the other system. */
  bridgeJoined = 0;
  /** Messages that were given to the bridge and that its broker has not confirmed yet. */
  bridgePending = 0;
  sessionsAccepted = 0;
  sessionsRejected = 0;
  sessionsTimedOut = 0;
  loginsAccepted = 0;
  loginsRejected = 0;
  loginsDelayed = 0;
  loginsTurnedAway = 0;
  kickOuts = 0;
  packetsReceived = 0;
  violations = 0;
  handshakesRejected = 0;
  datagramsTooLarge = 0;
  amplificationPrevented = 0;
  spoofedSenders = 0;
  notLoggedIn = 0;
  notAuthorized = 0;
  withoutReceiver = 0;
  unknownAcknowledgements = 0;
  messagesAccepted = 0;
  messagesDuplicate = 0;
  messagesDelivered = 0;
  messagesToServer = 0;
  messagesFromServer = 0;
  messagesStored = 0;
  messagesReplayed = 0;
  messagesExpired = 0;
  messagesDisplaced = 0;
  messagesTooLarge = 0;
  messagesUndelivered = 0;
  messagesBridged = 0;
  messagesFromBridge = 0;
  duplicatesFromBridge = 0;
  rejectedFromBridge = 0;
  bridgeFailures = 0;
  hookTimeouts = 0;
  retransmissions = 0;
  abandoned = 0;
  storeFailures = 0;
  limitSessions = 0;
  limitSessionsPerAddress = 0;
  limitPackets = 0;
  limitUnacknowledged = 0;
  limitBufferedBytes = 0;
  limitStalled = 0;
  limitRemembered = 0;
  limitDeferredPackets = 0;
  limitStoredNotices = 0;
  limitQueue = 0;
  limitDeadLetters = 0;

  /** A copy as a plain object. */
  snapshot(): Record<string, number> {
    return { ...this } as unknown as Record<string, number>;
  }
}
