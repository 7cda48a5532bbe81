import type { Clock, Instant } from '@imcore/protocol';
import { ClusterError } from '../errors.js';
import type { DeadlineQueue, DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import type { FrameBody } from './frames.js';

/** How long an answer may take before the request is sent once more, and again before it fails, in milliseconds. */
const ANSWER_MS = 1000;

/** Maximum number of requests without an answer. */
const MAX_REQUESTS = 1024;

/** A frame that is an answer. */
type Answer = Extract<FrameBody, { kind: 'kicked' | 'listed' }>;

/** Returns the frame of a request with this number. */
type RequestBody = (id: number, isRepeat: boolean) => FrameBody;

class Request implements RingEntry {
  readonly nodeId: string;
  readonly body: RequestBody;
  readonly id: number;
  readonly settle: (outcome: Answer | ClusterError) => void;
  isRepeated = false;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(nodeId: string, body: RequestBody, id: number, settle: Request['settle']) {
    this.nodeId = nodeId;
    this.body = body;
    this.id = id;
    this.settle = settle;
  }
}

/** The requests of this node to other nodes that are not answered yet. A request without an answer is repeated once. */
export class Requests {
  readonly #clock: Clock;
  readonly #waits: DeadlineRing;
  readonly #send: (nodeId: string, body: FrameBody) => void;
  readonly #open = new Map<number, Request>();
  #lastId: number;
  #isClosed = false;

  /** Numbers of requests are greater than `lastId`, so that answers to an earlier process of this name match none. */
  constructor(
    clock: Clock,
    timers: DeadlineQueue,
    lastId: number,
    send: (nodeId: string, body: FrameBody) => void,
  ) {
    this.#clock = clock;
    this.#lastId = lastId;
    this.#send = send;
    this.#waits = timers.ring<Request>(ANSWER_MS, (request) => this.#repeat(request));
  }

  /** `body` gets the number of the request, and whether this is its repetition. @throws ClusterError `ERR_NODE_TIMEOUT` after 2 s, `ERR_CLUSTER_BUSY`, `ERR_CLUSTER_CLOSED`. */
  ask(nodeId: string, body: RequestBody): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(closedError());
        return;
      }
      if (this.#open.size >= MAX_REQUESTS) {
        reject(
          new ClusterError('ERR_CLUSTER_BUSY', `${MAX_REQUESTS} requests to other nodes are not answered`),
        );
        return;
      }
      this.#lastId += 1;
      const request = new Request(nodeId, body, this.#lastId, (outcome) =>
        outcome instanceof ClusterError ? reject(outcome) : resolve(outcome),
      );
      this.#open.set(this.#lastId, request);
      this.#waits.start(request, this.#clock.now());
      this.#send(nodeId, body(request.id, false));
    });
  }

  /** An answer has arrived. Late and repeated ones are ignored. */
  answered(nodeId: string, answer: Answer): void {
    const request = this.#open.get(answer.id);
    if (request?.nodeId === nodeId) this.#settle(answer.id, request, answer);
  }

  close(): void {
    this.#isClosed = true;
    for (const [id, request] of this.#open) this.#settle(id, request, closedError());
  }

  #repeat(request: Request): void {
    const { nodeId, id } = request;
    const body = request.body(id, true);
    if (!request.isRepeated) {
      request.isRepeated = true;
      this.#waits.start(request, this.#clock.now());
      this.#send(nodeId, body);
      return;
    }
    const message = `node ${nodeId} has not answered a request (${body.kind}) within ${2 * ANSWER_MS} ms`;
    this.#settle(id, request, new ClusterError('ERR_NODE_TIMEOUT', message));
  }

  #settle(id: number, request: Request, outcome: Answer | ClusterError): void {
    this.#open.delete(id);
    this.#waits.stop(request);
    request.settle(outcome);
  }
}

function closedError(): ClusterError {
  return new ClusterError('ERR_CLUSTER_CLOSED', 'the node has left the cluster');
}
