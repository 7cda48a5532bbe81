/** What a platform tells an API's `fail` callback, or an error event. Each platform fills in some of it. */
export interface PlatformFailure {
  /** WeChat, uni-app, Douyin. */
  readonly errMsg?: string;
  /** Alipay. */
  readonly errorMessage?: string;
  /** Alipay's number of the failure. */
  readonly error?: unknown;
}

/** How every API of a mini-program reports: one of the two, soon after the call. */
interface PlatformCallbacks {
  success?(result?: unknown): void;
  fail?(failure?: PlatformFailure): void;
}

/** A message as the platform hands it on. */
export interface SocketMessage {
  /** Text, an `ArrayBuffer`, or on Alipay `{ data, isBuffer }`. */
  readonly data?: unknown;
  /** Alipay: `data` is the base64 form of a binary message. */
  readonly isBuffer?: boolean;
}

/** How a socket ended. Alipay's old API tells nothing. */
export interface SocketClosure {
  readonly code?: number | string;
  readonly reason?: string;
}

/** The part of a `SocketTask` that is needed. */
export interface SocketTask {
  onOpen(listener: () => void): void;
  onMessage(listener: (message: SocketMessage) => void): void;
  onError(listener: (failure?: PlatformFailure) => void): void;
  onClose(listener: (closure?: SocketClosure) => void): void;
  send(options: { data: string } & PlatformCallbacks): void;
  close(options: { code?: number } & PlatformCallbacks): void;
}

/** What `connectSocket` is asked for. */
export interface ConnectSocketOptions extends PlatformCallbacks {
  url: string;
  header?: Readonly<Record<string, string>>;
  /** Alipay gives no `SocketTask` without it. */
  multiple?: boolean;
}

/** The API of the time before `SocketTask`: one socket for the whole program. */
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

/** What a platform tells of its network and of the program's life. */
interface ProgramEvents {
  onNetworkStatusChange(listener: (status: { readonly isConnected: boolean }) => void): void;
  offNetworkStatusChange(listener: (status: { readonly isConnected: boolean }) => void): void;
  onAppShow(listener: () => void): void;
  offAppShow(listener: () => void): void;
}

/** The part of `wx`, `uni`, `my` and `tt` that carries a client. */
export interface MiniProgramPlatform extends Partial<GlobalSocket>, Partial<ProgramEvents> {
  /** Returns a `SocketTask`, or nothing where the platform knows one socket only. */
  connectSocket(options: ConnectSocketOptions): unknown;
}
