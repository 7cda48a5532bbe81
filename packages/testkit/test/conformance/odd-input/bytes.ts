/** A 4-byte header and a body. */
export function frame(length: number, body = ''): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(length);
  return Buffer.concat([header, Buffer.from(body)]);
}

/** An echo packet of this length. */
export function echoOf(bytes: number): string {
  const text = JSON.stringify({ type: 5, dataContent: '', from: 'me', to: '0' });
  return text.replace('""', `"${'x'.repeat(bytes - text.length)}"`);
}

/** A valid packet. */
export const goodEcho = Buffer.from('{"type":5,"dataContent":"v","from":"me","to":"0"}');
