import { type ApiCallbacks, FakeSocket, type SocketOwner } from './fake-socket.js';
import { FakeStorage } from './fake-storage.js';
import type { PlatformSocket } from './platform-socket.js';

/** The platform of a {@link FakeMiniProgram}, and its variants. */
export interface FakeMiniProgramOptions {
  /** The platform's API: WeChat `wx`, uni-app `uni`, Alipay `my`, Douyin `tt`. */
  readonly dialect: 'wx' | 'uni' | 'my' | 'tt';
  /** Opens the WebSocket behind a socket of the program. */
  readonly openSocket: (url: string, header: Readonly<Record<string, string>>) => PlatformSocket;
  /** Most sockets that the program can have at a time. Default 5. */
  readonly maxSockets?: number;
  /** Whether the platform is older than `SocketTask`: one socket, with global listeners. Default false. */
  readonly isOld?: boolean;
  /** Whether a rejected `connectSocket` returns a task without any events. Not documented; default true. */
  readonly returnsTaskOnFailure?: boolean;
}

type ConnectOptions = {
  url: string;
  header?: Record<string, string>;
  multiple?: boolean;
} & ApiCallbacks;

/** A listener for one kind of event. */
type Listener = (event: never) => void;

/**
 * The platform object of a mini-program, as far as a client uses it: `connectSocket`, the events of the network and of
 * the application's state, and the storage. Behaves as the platforms are documented, with real sockets.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/api/network/websocket/wx.connectSocket.html
 */
export class FakeMiniProgram {
  readonly storage: FakeStorage;
  readonly #options: FakeMiniProgramOptions;
  readonly #owner: SocketOwner;
  readonly #sockets = new Set<FakeSocket>();
  readonly #listeners = new Map<string, Set<Listener>>();
  #globalSocket: FakeSocket | undefined;
  #isSuspended = false;
  #lastTaskId = 0;

  constructor(options: FakeMiniProgramOptions) {
    this.#options = options;
    const later = (run: () => void): void => void setImmediate(run);
    this.storage = new FakeStorage(later);
    this.#owner = { dialect: options.dialect, later, ended: (socket) => this.#sockets.delete(socket) };
  }

  /** Open sockets, which count for the limit. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** `wx`, `uni`, `my` or `tt`, for a client. */
  get api() {
    return {
      connectSocket: (options: ConnectOptions) => this.#connectSocket(options),
      onNetworkStatusChange: (listener: Listener) => this.#on('network', listener),
      offNetworkStatusChange: (listener?: Listener) => this.#off('network', listener),
      onAppShow: (listener: Listener) => this.#on('show', listener),
      offAppShow: (listener?: Listener) => this.#off('show', listener),
      onAppHide: (listener: Listener) => this.#on('hide', listener),
      offAppHide: (listener?: Listener) => this.#off('hide', listener),
      ...this.storage.api,
      ...(this.#options.isOld === true && this.#globalApi()),
    };
  }

  /** How many listeners an event of the platform has: `network`, `show`, `hide`, `onSocketOpen`, …. */
  listeners(event: string): number {
    return this.#listeners.get(event)?.size ?? 0;
  }

  /** Sets whether there is a network. Without one, all sockets are cut. */
  setNetwork(isConnected: boolean): void {
    if (!isConnected) this.cutSockets('network is down');
    this.#emit('network', { isConnected, networkType: isConnected ? 'wifi' : 'none' });
  }

  /** Cuts all sockets without an event of the network. */
  cutSockets(reason = 'abnormal closure'): void {
    for (const socket of [...this.#sockets]) socket.cut(reason);
  }

  /** Puts the program into the background: the platform closes its sockets and opens no others. */
  suspend(): void {
    this.#emit('hide', {});
    this.#isSuspended = true;
    this.cutSockets('interrupted');
  }

  /** Puts the program into the foreground. */
  resume(): void {
    this.#isSuspended = false;
    this.#emit('show', {});
  }

  #connectSocket(options: ConnectOptions): object | undefined {
    const { dialect, isOld = false, returnsTaskOnFailure = true } = this.#options;
    const isShared = isOld || (dialect === 'my' && options.multiple !== true);
    // uni-app returns a promise to a caller without a callback.
    const hasCallback = options.success ?? options.fail ?? options.complete;
    if (dialect === 'uni' && hasCallback === undefined)
      throw new TypeError('uni returns a promise to a caller without a callback');
    const socket = new FakeSocket(this.#owner);
    const failure = this.#failure(options, isShared);
    if (failure !== undefined) {
      this.#owner.later(() => {
        options.fail?.(failure);
        options.complete?.(failure);
      });
      return isShared || !returnsTaskOnFailure ? undefined : this.#task(socket);
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

  #failure({ url }: ConnectOptions, isShared: boolean): object | undefined {
    const { dialect, maxSockets = 5 } = this.#options;
    const fail = (text: string, error: number): object =>
      dialect === 'my' ? { error, errorMessage: text } : { errMsg: `connectSocket:fail ${text}` };
    if (!/^wss?:\/\//.test(url)) return fail('invalid url', 5);
    if (this.#isSuspended) return fail('interrupted', 1);
    if (isShared && this.#sockets.size > 0) return fail('websocket is already exist', 2);
    // The word twice is what WeChat writes.
    if (this.#sockets.size >= maxSockets)
      return fail(`fail reach max websocket connect count ${maxSockets}`, 1);
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

  /** Reports the events of an old platform's only socket to the global listeners. */
  #share(socket: FakeSocket): void {
    this.#globalSocket = socket;
    socket.add('open', (event: object) => this.#emit('onSocketOpen', event));
    socket.add('message', (event: object) => this.#emit('onSocketMessage', withoutWrapping(event)));
    socket.add('error', (event: object) => this.#emit('onSocketError', event));
    socket.add('close', (event: object) => this.#emit('onSocketClose', event));
  }

  #globalApi() {
    return {
      onSocketOpen: (listener: Listener) => this.#on('onSocketOpen', listener),
      offSocketOpen: (listener?: Listener) => this.#off('onSocketOpen', listener),
      onSocketMessage: (listener: Listener) => this.#on('onSocketMessage', listener),
      offSocketMessage: (listener?: Listener) => this.#off('onSocketMessage', listener),
      onSocketError: (listener: Listener) => this.#on('onSocketError', listener),
      offSocketError: (listener?: Listener) => this.#off('onSocketError', listener),
      onSocketClose: (listener: Listener) => this.#on('onSocketClose', listener),
      offSocketClose: (listener?: Listener) => this.#off('onSocketClose', listener),
      sendSocketMessage: (options: { data: unknown } & ApiCallbacks) => this.#globalSocket?.send(options),
      closeSocket: (options?: { code?: number; reason?: string } & ApiCallbacks) =>
        this.#globalSocket?.close(options),
    };
  }

  #on(event: string, listener: Listener): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(event, listeners);
  }

  #off(event: string, listener?: Listener): void {
    if (listener === undefined) this.#listeners.delete(event);
    else this.#listeners.get(event)?.delete(listener);
  }

  #emit(event: string, detail: object): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(detail as never);
  }
}

/** Alipay's old API passes the message on without a wrapper. */
function withoutWrapping(event: object): object {
  return 'data' in event && typeof event.data === 'object' && event.data !== null && 'isBuffer' in event.data
    ? event.data
    : event;
}
