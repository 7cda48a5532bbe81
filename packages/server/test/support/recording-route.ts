import type { Delivery } from '../../src/delivery/delivery.js';
import type { UndeliveredReason } from '../../src/events.js';
import type { Route, RouteAnswer, RouteHost, RouteReceiver } from '../../src/ports/route.js';

/** A route that takes messages for users who are not online here, and records its calls. */
export class RecordingRoute implements Route {
  readonly name = 'recording';
  readonly calls: string[] = [];
  readonly taken: Delivery[] = [];
  readonly failures: { start?: Error; take?: UndeliveredReason; close?: Error } = {};
  host: RouteHost | undefined = undefined;
  pending = 0;

  take(
    delivery: Delivery,
    receiver: RouteReceiver | undefined,
    _now: number,
    reason: UndeliveredReason,
  ): RouteAnswer {
    if (receiver?.isOnline === true) return reason;
    if (this.failures.take !== undefined) return this.failures.take;
    this.taken.push(delivery);
    return 'taken';
  }

  init(host: RouteHost): void {
    this.host = host;
  }

  async start(): Promise<void> {
    this.calls.push('start');
    if (this.failures.start !== undefined) throw this.failures.start;
  }

  stopAccepting(): void {
    this.calls.push('stopAccepting');
  }

  secure(): void {
    this.calls.push('secure');
  }

  async close(): Promise<void> {
    this.calls.push('close');
    if (this.failures.close !== undefined) throw this.failures.close;
  }
}
