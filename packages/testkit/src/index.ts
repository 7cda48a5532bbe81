export {
  type ComparisonOptions,
  compare,
  type Difference,
  showDifference,
} from './conversation/comparison.js';
export {
  type DifferencePattern,
  type Disagreement,
  judgeDifferences,
  type KnownDifference,
  parseKnownDifferences,
} from './conversation/known-differences.js';
export { codeSpans, readTable, requireCell, type TableRow } from './conversation/markdown-table.js';
export { type Meaning, packetMeaning } from './conversation/packet-meaning.js';
export { playInVirtualTime } from './conversation/player.js';
export {
  type HandshakeAnswer,
  type OutgoingFrame,
  RawWebSocket,
  type RawWebSocketEvents,
  WebSocketOpcode,
  webSocketFrame,
} from './conversation/raw-websocket.js';
export {
  isFrame,
  packetOf,
  parseRecording,
  type RecordedEntry,
  type RecordedFrame,
  type Recording,
  type ServerCallback,
  type TimedCallback,
} from './conversation/recording.js';
export { followEvents, type RulesOptions, recordedRules } from './conversation/server-rules.js';
export { type OtherSystem, playOverSockets, type ServerInProcess } from './conversation/socket-player.js';
export { SocketStage, type SocketStageOptions } from './conversation/socket-stage.js';
export type { Peer, PeerEvents, Stage } from './conversation/stage.js';
export { type Observation, Transcript } from './conversation/transcript.js';
export { VirtualStage, type VirtualStageOptions } from './conversation/virtual-stage.js';
export {
  type DeadLetter,
  MemoryBridge,
  MemoryBroker,
  type MemoryBrokerOptions,
} from './memory/memory-bridge.js';
export { type MemoryOutbox, memoryOutbox } from './memory/memory-outbox.js';
export {
  DEFAULT_MAX_BODY_BYTES,
  DEFAULT_MAX_DATAGRAM_SEND_BYTES,
  type MemoryServerTransportOptions,
  memoryServerTransport,
} from './memory/memory-server-transport.js';
export { type MemoryTransportOptions, memoryTransport } from './memory/memory-transport.js';
export { type Direction, type LinkConditions, PERFECT_LINK } from './network/link-conditions.js';
export { type DatagramFate, SimulatedLink } from './network/simulated-link.js';
export {
  type Datagram,
  type DatagramListening,
  type Listening,
  type NetworkOptions,
  SimulatedNetwork,
  type StreamAcceptor,
} from './network/simulated-network.js';
export { SeededRandom } from './seeded-random.js';
export { settlePromises } from './settle-promises.js';
export { type PendingRun, VirtualClock } from './virtual-clock.js';
