import { type ApiCallbacks, FakeSocket, type SocketOwner } from './fake-socket.js';
import { FakeStorage } from './fake-storage.js';
import type { PlatformSocket } from './platform-socket.js';

/** Whose platform it is, and how that behaves. */
export interface FakeMiniProgramOptions {
  /** Whose API it has: WeChat `wx`, uni-app `uni`, Alipay `my`, Douyin `tt`. */
  readonly dialect: 'wx' | 'uni' | 'my' | 'tt';
  /** Opens the WebSocket behind a socket of the program. */
  readonly openSocket: (url: string, header: Readonly<Record<string, string>>) => PlatformSocket;
  /** Sockets that the program may have at a time. Default 5. */
  readonly maxSockets?: number;
  /** Whether the platform is from the time before `SocketTask`: one socket, heard of by global listeners. Default false. */
  readonly isOld?: boolean;
  /** Whether a refused `connectSocket` returns a task on which nothing ever happens. Not documented; default true. */
  readonly givesDeadTasks?: boolean;
}

type ConnectOptions = {
  url: string;
  header?: Record<string, string>;
  multiple?: boolean;
} & ApiCallbacks;

/** Takes one kind of event; which one is for its caller to know. */
type Listener = (event: never) => void;

/**
 * The platform object of a mini-program, as far as a client uses it: `connectSocket`, the events of the network and of
 * the program's life, its storage. Behaves as the platforms document theirs; the sockets are real ones.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/api/network/websocket/wx.connectSocket.html
 */
export class FakeMiniProgram {
  readonly storage: FakeStorage;
  readonly #options: FakeMiniProgramOptions;
  readonly #owner: SocketOwner;
  readonly #sockets = new Set<FakeSocket>();
  readonly #heard = new Map<string, Set<Listener>>();
  #globalSocket: FakeSocket | undefined;
  #isSuspended = false;
  #lastTaskId = 0;

  constructor(options: FakeMiniProgramOptions) {
    this.#options = options;
    const later = (run: () => void): void => void setImmediate(run);
    this.storage = new FakeStorage(later);
    this.#owner = { dialect: options.dialect, later, ended: (socket) => this.#sockets.delete(socket) };
  }

  /** Sockets that take a place now. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** `wx`, `uni`, `my` or `tt`, to be handed to a client. */
  get api() {
    return {
      connectSocket: (options: ConnectOptions) => this.#connectSocket(options),
      onNetworkStatusChange: (listener: Listener) => this.#hear('network', listener),
      offNetworkStatusChange: (listener?: Listener) => this.#unhear('network', listener),
      onAppShow: (listener: Listener) => this.#hear('show', listener),
      offAppShow: (listener?: Listener) => this.#unhear('show', listener),
      onAppHide: (listener: Listener) => this.#hear('hide', listener),
      offAppHide: (listener?: Listener) => this.#unhear('hide', listener),
      ...this.storage.api,
      ...(this.#options.isOld === true && this.#globalApi()),
    };
  }

  /** Listeners that the program's code has to platform events: `network`, `show`, `hide`, `onSocketOpen`, …. */
  listeners(event: string): number {
    return this.#heard.get(event)?.size ?? 0;
  }

  /** The network goes and takes the sockets with it, or comes back. */
  setNetwork(isConnected: boolean): void {
    if (!isConnected) this.cutSockets('network is down');
    this.#emit('network', { isConnected, networkType: isConnected ? 'wifi' : 'none' });
  }

  /** The network takes the sockets away without a word about itself. */
  cutSockets(reason = 'abnormal closure'): void {
    for (const socket of [...this.#sockets]) socket.cut(reason);
  }

  /** The program has been in the background for some seconds: the platform ends its sockets and opens no others. */
  suspend(): void {
    this.#emit('hide', {});
    this.#isSuspended = true;
    this.cutSockets('interrupted');
  }

  /** The program is in front again. */
  resume(): void {
    this.#isSuspended = false;
    this.#emit('show', {});
  }

  #connectSocket(options: ConnectOptions): object | undefined {
    const { dialect, isOld = false, givesDeadTasks = true } = this.#options;
    const isShared = isOld || (dialect === 'my' && options.multiple !== true);
    // uni-app gives a promise to a caller without a callback.
    const hasCallback = options.success ?? options.fail ?? options.complete;
    if (dialect === 'uni' && hasCallback === undefined)
      throw new TypeError('a caller of uni without a callback gets a promise');
    const socket = new FakeSocket(this.#owner);
    const refusal = this.#refusal(options, isShared);
    if (refusal !== undefined) {
      this.#owner.later(() => {
        options.fail?.(refusal);
        options.complete?.(refusal);
      });
      return isShared || !givesDeadTasks ? undefined : this.#task(socket);
    }
    this.#sockets.add(socket);
    this.#lastTaskId += 1;
    const result = { errMsg: 'connectSocket:ok', socketTaskId: this.#lastTaskId };
    this.#owner.later(() => {
      options.success?.(result);
      options.complete?.(result);
    });
    if (isShared) this.#share(socket);
    socket.connect(this.#options.openSocket(options.url, options.header ?? {}));
    return isShared ? undefined : this.#task(socket);
  }

  #refusal({ url }: ConnectOptions, isShared: boolean): object | undefined {
    const { dialect, maxSockets = 5 } = this.#options;
    const refuse = (text: string, error: number): object =>
      dialect === 'my' ? { error, errorMessage: text } : { errMsg: `connectSocket:fail ${text}` };
    if (!/^wss?:\/\//.test(url)) return refuse('invalid url', 5);
    if (this.#isSuspended) return refuse('interrupted', 1);
    if (isShared && this.#sockets.size > 0) return refuse('websocket is already exist', 2);
    // The word twice is what WeChat writes.
    if (this.#sockets.size >= maxSockets)
      return refuse(`fail reach max websocket connect count ${maxSockets}`, 1);
    return undefined;
  }

  #task(socket: FakeSocket): object {
    return {
      onOpen: (listener: Listener) => socket.add('open', listener),
      onMessage: (listener: Listener) => socket.add('message', listener),
      onError: (listener: Listener) => socket.add('error', listener),
      onClose: (listener: Listener) => socket.add('close', listener),
      send: (options: { data: unknown } & ApiCallbacks) => socket.send(options),
      close: (options?: { code?: number; reason?: string } & ApiCallbacks) => socket.close(options),
    };
  }

  /** The one socket of an old platform: what it reports goes to whoever listens to the program then. */
  #share(socket: FakeSocket): void {
    this.#globalSocket = socket;
    socket.add('open', (event: object) => this.#emit('onSocketOpen', event));
    socket.add('message', (event: object) => this.#emit('onSocketMessage', withoutWrapping(event)));
    socket.add('error', (event: object) => this.#emit('onSocketError', event));
    socket.add('close', (event: object) => this.#emit('onSocketClose', event));
  }

  #globalApi() {
    return {
      onSocketOpen: (listener: Listener) => this.#hear('onSocketOpen', listener),
      offSocketOpen: (listener?: Listener) => this.#unhear('onSocketOpen', listener),
      onSocketMessage: (listener: Listener) => this.#hear('onSocketMessage', listener),
      offSocketMessage: (listener?: Listener) => this.#unhear('onSocketMessage', listener),
      onSocketError: (listener: Listener) => this.#hear('onSocketError', listener),
      offSocketError: (listener?: Listener) => this.#unhear('onSocketError', listener),
      onSocketClose: (listener: Listener) => this.#hear('onSocketClose', listener),
      offSocketClose: (listener?: Listener) => this.#unhear('onSocketClose', listener),
      sendSocketMessage: (options: { data: unknown } & ApiCallbacks) => this.#globalSocket?.send(options),
      closeSocket: (options?: { code?: number; reason?: string } & ApiCallbacks) =>
        this.#globalSocket?.close(options),
    };
  }

  #hear(event: string, listener: Listener): void {
    const listeners = this.#heard.get(event) ?? new Set();
    listeners.add(listener);
    this.#heard.set(event, listeners);
  }

  #unhear(event: string, listener?: Listener): void {
    if (listener === undefined) this.#heard.delete(event);
    else this.#heard.get(event)?.delete(listener);
  }

  #emit(event: string, detail: object): void {
    for (const listener of [...(this.#heard.get(event) ?? [])]) listener(detail as never);
  }
}

/** Alipay's old API hands the message on as it is. */
function withoutWrapping(event: object): object {
  return 'data' in event && typeof event.data === 'object' && event.data !== null && 'isBuffer' in event.data
    ? event.data
    : event;
}
