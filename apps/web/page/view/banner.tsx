import type { Connection } from '../model/connection.js';
import { usePage } from './context.js';
import { useNow } from './use-now.js';

/** Shows that the connection is lost and when the next attempt is made. Hidden while online. */
export function Banner({ connection }: { readonly connection: Connection }) {
  const { texts } = usePage();
  const isLost = connection.state === 'waiting' || connection.state === 'connecting';
  return (
    <div class="banner-place" role="status">
      {isLost && (
        <div class="banner">
          <span class="banner-pulse" aria-hidden="true" />
          <p class="banner-text">
            <strong>{connection.isFirst ? texts.connection.connecting : texts.connection.lost}</strong>
            {/* The Chinese full stop includes its space. */}
            {texts.locale === 'en' && ' '}
            <span class="banner-more">{texts.connection.waitingMessages}</span>
          </p>
          <Progress connection={connection} />
        </div>
      )}
    </div>
  );
}

/** The countdown changes every second, so it is hidden from screen readers. */
function Progress({ connection }: { readonly connection: Extract<Connection, { isFirst: boolean }> }) {
  const { texts, dispatch } = usePage();
  const isWaiting = connection.state === 'waiting';
  return (
    <>
      <span class="banner-countdown" aria-hidden="true">
        {isWaiting ? <Countdown until={connection.retryAt} /> : texts.connection.reconnecting}
      </span>
      <button
        class="button banner-button"
        type="button"
        disabled={!isWaiting}
        onClick={() => dispatch({ kind: 'retry-wanted' })}
      >
        {texts.connection.tryNow}
      </button>
    </>
  );
}

function Countdown({ until }: { readonly until: number }) {
  const { texts } = usePage();
  const now = useNow(200);
  return <>{texts.connection.nextTry(Math.max(0, Math.ceil((until - now) / 1000)))}</>;
}
