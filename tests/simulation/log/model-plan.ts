/** What brings back a lost entry: a request after a hole, `last` in keep-alive responses, going back after a wait. */
export type LogHealer = 'hole' | 'last' | 'go-back';

/** Mistakes that the invariants must detect. */
export type LogFault =
  | 'position-twice'
  | 'no-rewind'
  | 'position-before-handling'
  | 'window-ignored'
  | 'acknowledgement-not-repeated';

/** What a run does. */
export interface LogPlan {
  readonly healers: ReadonlySet<LogHealer>;
  readonly fault?: LogFault;
  /** Whether links, clients and the server break, and entries leave the log. Default: true. */
  readonly isChaotic?: boolean;
  /** The transport, if it is always the same. */
  readonly transport?: 'stream' | 'datagram';
  /** Whether packets to the server are never lost. Default: false. */
  readonly isReliableToServer?: boolean;
  /** Whether at the end a few more messages arrive without losses, so that each hole can be seen. Default: false. */
  readonly hasCalmEnd?: boolean;
}
