/** The argument of an API's `fail` callback or of an error event. Each platform sets some of the fields. */
export interface PlatformFailure {
  /** WeChat, uni-app, Douyin. */
  readonly errMsg?: string;
  /** Alipay. */
  readonly errorMessage?: string;
  /** Alipay's error number. */
  readonly error?: unknown;
}

/** The callbacks of a mini-program API. One of them is called after the call. */
interface PlatformCallbacks {
  success?(result?: unknown): void;
  fail?(failure?: PlatformFailure): void;
}

/** A received message. */
export interface SocketMessage {
  /** Text, an `ArrayBuffer`, or on Alipay `{ data, isBuffer }`. */
  readonly data?: unknown;
  /** Alipay: `data` is the base64 form of a binary message. */
  readonly isBuffer?: boolean;
}

/** How a socket was closed. Alipay's old API sets no fields. */
export interface SocketClosure {
  readonly code?: number | string;
  readonly reason?: string;
}

/** The part of a `SocketTask` that is used. */
export interface SocketTask {
  onOpen(listener: () => void): void;
  onMessage(listener: (message: SocketMessage) => void): void;
  onError(listener: (failure?: PlatformFailure) => void): void;
  onClose(listener: (closure?: SocketClosure) => void): void;
  send(options: { data: string } & PlatformCallbacks): void;
  close(options: { code?: number } & PlatformCallbacks): void;
}

/** Options of `connectSocket`. */
export interface ConnectSocketOptions extends PlatformCallbacks {
  url: string;
  header?: Readonly<Record<string, string>>;
  /** Alipay returns a `SocketTask` only if this is true. */
  multiple?: boolean;
}

/** The API of platforms without `SocketTask`: one socket for the whole program. */
export interface GlobalSocket {
  onSocketOpen(listener: () => void): void;
  onSocketMessage(listener: (message: SocketMessage) => void): void;
  onSocketError(listener: (failure?: PlatformFailure) => void): void;
  onSocketClose(listener: (closure?: SocketClosure) => void): void;
  offSocketOpen?(listener: () => void): void;
  offSocketMessage?(listener: (message: SocketMessage) => void): void;
  offSocketError?(listener: (failure?: PlatformFailure) => void): void;
  offSocketClose?(listener: (closure?: SocketClosure) => void): void;
  sendSocketMessage(options: { data: string } & PlatformCallbacks): void;
  closeSocket(options: { code?: number } & PlatformCallbacks): void;
}

/** Events about the network and the foreground state of the program. */
interface ProgramEvents {
  onNetworkStatusChange(listener: (status: { readonly isConnected: boolean }) => void): void;
  offNetworkStatusChange(listener: (status: { readonly isConnected: boolean }) => void): void;
  onAppShow(listener: () => void): void;
  offAppShow(listener: () => void): void;
}

/** The part of `wx`, `uni`, `my` and `tt` that a client uses. */
export interface MiniProgramPlatform extends Partial<GlobalSocket>, Partial<ProgramEvents> {
  /** Returns a `SocketTask`; undefined on platforms with a single socket. */
  connectSocket(options: ConnectSocketOptions): unknown;
}
