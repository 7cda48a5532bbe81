import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { chooseNode } from './choose-node.js';
import { CutProxy } from './cut-proxy.js';
import { DevError } from './dev-error.js';
import { DevNode } from './dev-node.js';
import type { DevEvent, DevState, NodeView } from './dev-state.js';
import { DevUser } from './dev-user.js';
import { Ledger } from './ledger.js';
import { possibleActions } from './node-condition.js';
import type { Backend } from './open-backend.js';
import type { Order } from './order.js';
import { LOOPBACK, type NodePorts } from './ports.js';

const KEPT_EVENTS = 40;
/** Time between two messages of the conversation. */
const TALK_EVERY_MS = 400;
const CHECK_EVERY_MS = 250;

/** The nodes, two users with a conversation, and what has happened. */
export class DevCluster {
  readonly #backend: Backend;
  readonly #nodes: DevNode[] = [];
  readonly #proxies: CutProxy[] = [];
  readonly #users: readonly [DevUser, DevUser];
  readonly #ledger = new Ledger();
  readonly #events: DevEvent[] = [];
  readonly #print: (event: DevEvent) => void;
  #talk: NodeJS.Timeout | undefined = undefined;
  #check: NodeJS.Timeout | undefined = undefined;
  #spoken = 0;
  #eventId = 0;
  /** Whether a user has lost a node, and the messages of that time have not all arrived yet. */
  #isRecovering = false;
  /** Whether all nodes are up. Earlier events are not reported. */
  #isUp = false;
  #isClosed = false;

  constructor(backend: Backend, print: (event: DevEvent) => void) {
    this.#backend = backend;
    this.#print = print;
    const alice = this.#user('alice', 'bob', 'tcp', 1);
    const bob = this.#user('bob', 'alice', 'websocket', 2);
    this.#users = [alice, bob];
    backend.onEnd((reason) => this.#tell(`${reason}: the nodes cannot work without it`, true));
  }

  get size(): number {
    return this.#nodes.length;
  }

  get isTalking(): boolean {
    return this.#talk !== undefined;
  }

  /** Starts the nodes, and logs the users in. @throws DevError `ERR_PROGRAM_FAILED` when a node does not start. */
  async start(plan: readonly NodePorts[]): Promise<void> {
    const { store, bus } = this.#backend;
    const clusterName = `dev-${randomBytes(4).toString('hex')}`;
    const target = new URL(bus);
    const usualPort = target.protocol === 'nats:' ? 4222 : 5432;
    for (const [index, ports] of plan.entries()) {
      const proxy = await CutProxy.open(
        target.hostname.replace(/^\[(.*)\]$/, '$1'),
        Number(target.port || usualPort),
      );
      this.#proxies.push(proxy);
      if (this.#isClosed) return proxy.close();
      const number = index + 1;
      const near = Object.assign(new URL(bus), { host: `${LOOPBACK}:${proxy.port}` }).href;
      const tell = (text: string, isProblem: boolean): void =>
        this.#tell(`node ${number} ${text}`, isProblem);
      this.#nodes.push(new DevNode({ number, ports, store, bus: near, clusterName, proxy, tell }));
    }
    await Promise.all(this.#nodes.map((node) => node.perform('start')));
    const dead = this.#nodes.find(({ condition }) => condition.run === 'dead');
    if (dead !== undefined)
      throw new DevError(
        'ERR_PROGRAM_FAILED',
        `node ${dead.number} does not start: ${dead.condition.reason}`,
      );
    await Promise.all(this.#users.map((user) => user.login()));
    await this.#waitForPeers();
    this.#isUp = true;
    this.#tell(`all ${plan.length} nodes are up; alice is at node 1, bob at node 2`, false);
    this.#check = setInterval(() => this.#reportRecovery(), CHECK_EVERY_MS);
  }

  /** Carries out an order. @throws DevError `ERR_NOT_POSSIBLE` */
  async perform(order: Order): Promise<void> {
    if (order.kind === 'talk') return this.#setTalking(order.isOn);
    if (order.kind === 'say')
      return this.#users.find(({ userId }) => userId === order.from)?.send(order.text);
    await this.#nodes.find(({ number }) => number === order.node)?.perform(order.action);
  }

  state(): DevState {
    return {
      ...this.#backend.shown,
      isTalking: this.isTalking,
      counts: this.#ledger.counts(Date.now()),
      nodes: this.#nodes.map(viewOf),
      users: this.#users.map(({ userId, transport, state, node, entries }) => ({
        userId,
        transport,
        state,
        node,
        entries,
      })),
      events: this.#events,
    };
  }

  /** Ends the clients, then the nodes, and closes the proxies. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isUp = false;
    clearInterval(this.#talk);
    clearInterval(this.#check);
    await Promise.all(this.#users.map((user) => user.close()));
    await Promise.all(this.#nodes.map((node) => node.stop()));
    for (const proxy of this.#proxies) proxy.close();
  }

  /** Resolves when all nodes know each other, or after 5 s: the page then shows what is wrong. */
  async #waitForPeers(): Promise<void> {
    const others = this.#nodes.length - 1;
    for (let left = 100; left > 0; left -= 1) {
      if (this.#nodes.every(({ report }) => report?.peers.length === others)) return;
      await pause(50);
    }
  }

  #user(userId: string, to: string, transport: 'tcp' | 'websocket', first: number): DevUser {
    const user: DevUser = new DevUser({
      userId,
      to,
      transport,
      ledger: this.#ledger,
      choose: () => {
        const other = this.#users.find((one) => one !== user);
        const candidates = this.#nodes.map(({ number, condition }) => ({
          number,
          isRunning: condition.run === 'running',
        }));
        const chosen = chooseNode(candidates, user.node ?? first, other?.node);
        return this.#nodes.find(({ number }) => number === chosen);
      },
      tell: (text, isProblem) => {
        if (isProblem) this.#isRecovering = true;
        this.#tell(`${userId} ${text}`, isProblem);
      },
    });
    return user;
  }

  #setTalking(isOn: boolean): void {
    clearInterval(this.#talk);
    this.#talk = isOn ? setInterval(() => this.#speak(), TALK_EVERY_MS) : undefined;
    this.#tell(`messages ${isOn ? 'started' : 'stopped'}`, false);
  }

  #speak(): void {
    const [alice, bob] = this.#users;
    this.#spoken += 1;
    (this.#spoken % 2 === 1 ? alice : bob).send(`message ${this.#spoken}`);
  }

  #reportRecovery(): void {
    if (!this.#isRecovering || this.#users.some(({ state }) => state !== 'online')) return;
    const { acknowledged, onTheWay } = this.#ledger.counts(Date.now());
    if (onTheWay > 0) return;
    this.#isRecovering = false;
    this.#tell(`0 missing: all ${acknowledged} acknowledged messages were received`, false);
  }

  #tell(text: string, isProblem: boolean): void {
    if (!this.#isUp) return;
    const event = { id: ++this.#eventId, at: Date.now(), text, isProblem };
    this.#events.push(event);
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    this.#print(event);
  }
}

function viewOf(node: DevNode): NodeView {
  const { number, ports, condition, pid, report } = node;
  return {
    ...condition,
    number,
    ports,
    pid,
    users: report?.users ?? [],
    accepted: report?.accepted ?? 0,
    delivered: report?.delivered ?? 0,
    peers: (report?.peers ?? []).map((name) => Number(name.replace('node-', ''))).sort((a, b) => a - b),
    actions: possibleActions(condition),
  };
}
