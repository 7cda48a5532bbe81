import { BY_ADMINISTRATOR, type Connection, DUPLICATE_LOGIN } from '../model/connection.js';
import { timeText } from '../model/dates.js';
import { shownName } from '../model/shown-name.js';
import { usePage } from './context.js';
import { Modal } from './modal.js';

interface KickedDialogProps {
  readonly kicked: Extract<Connection, { state: 'kicked' }>;
  readonly userId: string;
}

/** Shows why the user was signed out, with buttons to sign out or to sign in again. */
export function KickedDialog({ kicked, userId }: KickedDialogProps) {
  const { texts, dispatch } = usePage();
  const { code, reason, at, isOwnBrowser } = kicked;
  const isDuplicate = code === DUPLICATE_LOGIN;
  const name = shownName(userId);
  const why = isOwnBrowser
    ? texts.kicked.otherTab(name)
    : isDuplicate
      ? texts.kicked.elsewhere(name, timeText(at, texts.locale))
      : code === BY_ADMINISTRATOR && reason === undefined
        ? texts.kicked.removed
        : texts.kicked.byServer(code, reason);
  return (
    <Modal
      title={texts.kicked.title}
      actions={
        <>
          <button class="button" type="button" onClick={() => dispatch({ kind: 'signed-out' })}>
            {texts.kicked.otherUser}
          </button>
          <button
            class="button button-main"
            type="button"
            autofocus
            onClick={() => dispatch({ kind: 'taken-over' })}
          >
            {isDuplicate ? texts.kicked.useHere : texts.kicked.again}
          </button>
        </>
      }
    >
      <p>{why}</p>
      <p>{texts.kicked.unsent}</p>
    </Modal>
  );
}
