/** The open conversation is in the URL of the page, `#/with/USER`, so that reload, back and forward work. */
const PREFIX = '#/with/';

export function peerIn(hash: string): string | undefined {
  if (!hash.startsWith(PREFIX)) return undefined;
  try {
    return decodeURIComponent(hash.slice(PREFIX.length)) || undefined;
  } catch {
    return undefined;
  }
}

function hashOf(peer: string | undefined): string {
  return peer === undefined ? '#/' : `${PREFIX}${encodeURIComponent(peer)}`;
}

/**
 * Shows a conversation in the URL. Opening a conversation from the list adds a history entry, so that the back button
 * returns to the list; switching between conversations does not.
 */
export function showPeer(peer: string | undefined, { location, history }: Window): void {
  const current = peerIn(location.hash);
  if (current === peer) return;
  if (peer === undefined && (history.state as { fromList?: boolean } | null)?.fromList === true) {
    history.back();
  } else if (peer !== undefined && current === undefined) {
    history.pushState({ fromList: true }, '', hashOf(peer));
  } else {
    history.replaceState(history.state, '', hashOf(peer));
  }
}
