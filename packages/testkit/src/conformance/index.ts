export { proofQuestion } from './address-proof.js';
export { type ComparisonOptions, compare, type Difference, showDifference } from './comparison.js';
export {
  type DifferencePattern,
  type Disagreement,
  judgeDifferences,
  type KnownDifference,
  parseKnownDifferences,
} from './known-differences.js';
export { type BridgeInProcess, type PlayOptions, playInVirtualTime } from './player.js';
export {
  isFrame,
  packetOf,
  parseRecording,
  type RecordedEntry,
  type RecordedFrame,
  type Recording,
  type ServerCallback,
  type TimedCallback,
} from './recording.js';
export { followEvents, type RulesOptions, recordedRules } from './server-rules.js';
export { type OtherSystem, playOverSockets, type ServerInProcess } from './socket-player.js';
export { SocketStage, type SocketStageOptions } from './socket-stage.js';
export type { Peer, PeerEvents, Stage } from './stage.js';
export { type Observation, Transcript } from './transcript.js';
