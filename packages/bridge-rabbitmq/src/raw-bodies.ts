import type { Channel } from 'rabbitmq-client';

interface HeaderFrame {
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Has a channel hand over each body as the bytes that came.
 *
 * The library reads bodies by their content type, before anybody can look at their length, and has no option for it:
 * bytes that are not UTF-8, and the digits of long numbers, are lost, and JSON may be read that is too deep to be written
 * again. So the headers that it sees are without their content type. Where another version of the library has no such
 * method, bodies are what it makes of them.
 */
export function keepBodiesRaw(channel: Channel): void {
  const reader = channel as unknown as { _onHeader?: (frame: HeaderFrame) => void };
  const read = reader._onHeader;
  if (typeof read !== 'function') return;
  reader._onHeader = (frame) =>
    read.call(channel, { ...frame, fields: { ...frame.fields, contentType: undefined } });
}
