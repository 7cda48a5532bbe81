/**
 * Returns the node that is responsible for a key: the same at all nodes that know the same names, and a change of the nodes moves
 * as few keys as possible. `nodeIds` has at least one name.
 *
 * @see https://en.wikipedia.org/wiki/Rendezvous_hashing
 */
export function responsibleFor(key: string, nodeIds: readonly string[]): string {
  let best = nodeIds[0] ?? '';
  let bestWeight = -1;
  for (const nodeId of nodeIds) {
    const weight = weightOf(key, nodeId);
    if (weight < bestWeight || (weight === bestWeight && nodeId < best)) continue;
    best = nodeId;
    bestWeight = weight;
  }
  return best;
}

/** FNV-1a over both names, mixed at the end so that similar names differ in all bits. */
function weightOf(key: string, nodeId: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < nodeId.length; at++) hash = Math.imul(hash ^ nodeId.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ nodeId.length, 0x01000193);
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
