/** Number of ports of an address. */
const PORTS = 65_536;

/**
 * Returns the key of a UDP peer in a `Map`. Computed for each datagram and kept for each peer.
 *
 * A number for IPv4, which takes half the time and memory of a string; a string for IPv6.
 */
export function peerKey(address: string, port: number): number | string {
  let number = 0;
  let part = 0;
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code === 0x2e) {
      number = number * 256 + part;
      part = 0;
    } else if (code >= 0x30 && code <= 0x39) part = part * 10 + (code - 0x30);
    else return `${address} ${port}`;
  }
  return (number * 256 + part) * PORTS + port;
}
