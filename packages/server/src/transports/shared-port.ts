/** Systems whose kernels share out the datagrams of one port; macOS and Windows do not. */
const SYSTEMS: readonly string[] = ['linux', 'freebsd'];

/**
 * Whether sockets of several processes can listen on one UDP port so that each peer stays with one of them: Node 22.12 and later
 * ones of 22, and from 23.1 on, on Linux and FreeBSD.
 */
export function canSharePort(nodeVersion: string, system: string = process.platform): boolean {
  if (!SYSTEMS.includes(system)) return false;
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}
