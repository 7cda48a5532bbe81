/** What one server did under one load. Times in microseconds. */
export interface Measurement {
  readonly messagesPerSecond: number;
  /** CPU of the server's process for each message delivered, or acknowledged where receivers are offline. */
  readonly cpuPerMessage: number;
  readonly deliveryP50: number;
  readonly deliveryP99: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
  /** Cores that everything but the server and the generator used; NaN where the generator does not measure it. */
  readonly otherCores: number;
}
