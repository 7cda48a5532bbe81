import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';

/** A packet as the original clients write it. */
function packet(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ bridge: false, ...fields, typeu: -1, sm: -1 });
}

export function loginOf(userId: string): string {
  const content = { loginUserId: userId, loginToken: 'token', firstLoginTime: 0 };
  return packet({ type: 0, dataContent: JSON.stringify(content), from: userId, to: '0', QoS: false });
}

export function keepAliveOf(userId: string): string {
  return packet({ type: 1, dataContent: '{}', from: userId, to: '0', QoS: false });
}

export function acknowledgementOf(userId: string, to: string, fingerprint: string): string {
  return packet({ type: 4, dataContent: fingerprint, from: userId, to, QoS: false });
}

/** A QoS message. */
export function messageOf(userId: string, to: string, content: string, fingerprint: string): string {
  return packet({ type: 2, dataContent: content, from: userId, to, fp: fingerprint, QoS: true });
}

/** A user on a plain socket, who does only what an attack says. */
export interface RawUser {
  readonly userId: string;
  send(text: string): void;
  close(): void;
}

/** Logs a user in over TCP. Ignores what it is sent afterwards. Rejects if the server closes the connection. */
export async function rawTcpUser(userId: string, port: number, localAddress = '127.0.0.1'): Promise<RawUser> {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => socket.destroy());
  const send = (text: string): void => {
    const frame = Buffer.alloc(4 + Buffer.byteLength(text));
    frame.writeUInt32BE(frame.length - 4);
    frame.write(text, 4);
    socket.write(frame);
  };
  await once(socket, 'connect');
  send(loginOf(userId));
  const closed = once(socket, 'close').then(() => Promise.reject(new Error('not let in')));
  closed.catch(() => {});
  await Promise.race([once(socket, 'data'), closed]);
  socket.resume();
  return { userId, send, close: () => socket.destroy() };
}

/** Logs a user in over UDP. Acknowledges what it is sent, as every known client does. */
export async function rawUdpUser(userId: string, port: number): Promise<RawUser> {
  const socket = dgram.createSocket('udp4');
  socket.on('error', () => {});
  const send = (text: string): void => socket.send(text);
  socket.on('message', (datagram) => {
    const { QoS, fp, from = '0' } = JSON.parse(datagram.toString()) as Record<string, string | boolean>;
    if (QoS === true && typeof fp === 'string') send(acknowledgementOf(userId, String(from), fp));
  });
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  send(loginOf(userId));
  await once(socket, 'message');
  return { userId, send, close: () => socket.close() };
}
