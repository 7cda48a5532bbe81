import type { AppState } from '../model/app-state.js';
import type { AppEffect } from '../model/effects.js';
import { resumed } from '../model/update.js';
import type { Account } from '../model/workspace.js';
import { textsOf } from '../text/texts-of.js';
import { peerIn, showPeer } from './address-bar.js';
import type { SavedState } from './saved-state.js';
import { Session } from './session.js';
import { Store } from './store.js';
import { StoredHistory } from './stored-history.js';
import type { Tabs } from './tabs.js';

/** User actions that need the clock or random numbers, which the state machine does not have. */
export interface Actions {
  open(peer: string): void;
  send(text: string): void;
}

/** The running page: executes the effects of the state machine. */
export class Application implements Actions {
  readonly store: Store;
  readonly #memory: SavedState;
  readonly #tabs: Tabs;
  readonly #window: Window;
  #session: Session | undefined;
  /** The conversation in the URL, to be opened when the history is loaded. */
  #wantedPeer: string | undefined;

  constructor(state: AppState, memory: SavedState, tabs: Tabs, window: Window) {
    this.store = new Store(state);
    this.#memory = memory;
    this.#tabs = tabs;
    this.#window = window;
    this.store.connect((effect) => this.#carryOut(effect));
  }

  /** Restores the last login, unless another tab has it, and adds the listeners of the window. */
  async start(): Promise<void> {
    this.#wantedPeer = peerIn(this.#window.location.hash);
    this.#listen();
    const ofTab = this.#memory.accountOfTab();
    const ofBrowser = this.#memory.accountOfBrowser();
    const account = ofTab ?? ofBrowser;
    if (account === undefined) return;
    if (ofTab === undefined && (await this.#tabs.hasOther(account))) return;
    const { stage } = this.store.state;
    const form = { ...stage.form, userId: account.userId, server: account.server };
    this.store.apply(resumed(this.store.state, account, form, this.#isFocused()));
    this.#memory.keepLogin(account, form);
  }

  open(peer: string): void {
    const order = this.#session?.nextOrder() ?? 0;
    this.store.dispatch({ kind: 'opened', peer, order });
  }

  send(text: string): void {
    const session = this.#session;
    if (session === undefined) return;
    const order = session.nextOrder();
    this.store.dispatch({ kind: 'composed', text, id: newId(), at: Date.now(), order });
  }

  #carryOut(effect: AppEffect): void {
    const session = this.#session;
    switch (effect.kind) {
      case 'log-in':
        this.#sessionOf(effect.account).logIn(effect.timeout);
        break;
      case 'log-out':
        session?.close();
        this.#session = undefined;
        break;
      case 'retry-now':
        session?.retryNow();
        break;
      case 'open-history':
        this.#sessionOf(effect.account).showHistory();
        break;
      case 'load-page':
        session?.showPage(effect.peer, effect.before);
        break;
      case 'load-older':
        session?.loadOlder(effect.peer);
        break;
      case 'load-devices':
        session?.showDevices();
        break;
      case 'remove-device':
        session?.removeDevice(effect.id);
        break;
      case 'post':
        session?.post(effect.message);
        break;
      case 'keep-message': {
        const { id, delivery, failure, at } = effect;
        session?.keep((history) => history.setDelivery(id, delivery, failure, at));
        break;
      }
      case 'keep-conversation':
        session?.keep((history) => history.keepConversation(effect.conversation));
        break;
      case 'delete-conversation':
        session?.keep((history) => history.deleteConversation(effect.peer, effect.deleted));
        break;
      case 'remember':
        this.#memory.keepLogin(effect.account, effect.form);
        break;
      case 'keep-preferences':
        this.#memory.keepPreferences(effect.preferences);
        break;
      case 'show-peer':
        showPeer(effect.peer, this.#window);
        session?.watch(effect.peer);
        break;
      default:
        effect satisfies never;
    }
  }

  #sessionOf(account: Account): Session {
    this.#session ??= new Session({
      account,
      dispatch: (event) => {
        this.store.dispatch(event);
        if (event.kind === 'history-opened') this.#openWanted();
      },
      openHistory: (of) => StoredHistory.open(indexedDB, of),
      tabs: this.#tabs,
      now: () => Date.now(),
      newId,
      isFocused: () => this.#isFocused(),
      cutText: () => textsOf(this.store.state.preferences.language).conversation.cut,
      clearedAt: (peer) => {
        const { stage } = this.store.state;
        return stage.name === 'signed-in' ? (stage.workspace.conversations.get(peer)?.clearedAt ?? 0) : 0;
      },
    });
    return this.#session;
  }

  #openWanted(): void {
    const peer = this.#wantedPeer;
    this.#wantedPeer = undefined;
    if (peer !== undefined) this.open(peer);
  }

  #listen(): void {
    const { store } = this;
    const updateFocus = () => store.dispatch({ kind: 'focus-changed', isFocused: this.#isFocused() });
    const { document } = this.#window;
    document.addEventListener('visibilitychange', updateFocus);
    this.#window.addEventListener('focus', updateFocus);
    this.#window.addEventListener('blur', updateFocus);
    this.#window.addEventListener('popstate', () => {
      const peer = peerIn(this.#window.location.hash);
      if (peer === undefined) store.dispatch({ kind: 'left' });
      else this.open(peer);
    });
  }

  #isFocused(): boolean {
    const { document } = this.#window;
    return document.visibilityState === 'visible' && document.hasFocus();
  }
}

/** Creates a UUID. Browsers have `randomUUID` only in secure contexts: HTTPS or localhost. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
