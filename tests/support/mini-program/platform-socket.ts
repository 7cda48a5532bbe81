/** The WebSocket under a socket of a fake mini-program: a browser's, or that of the package `ws`. */
export interface PlatformSocket {
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'error', listener: () => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
  send(data: string | ArrayBuffer): void;
  close(code?: number, reason?: string): void;
}
