/**
 * Whether sockets of several processes can listen on one UDP port so that each peer stays with one of them: Node 22.12 and later
 * ones of 22, and from 23.1 on. Where the system cannot, `listen` rejects.
 */
export function canSharePort(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}
