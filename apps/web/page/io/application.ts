import type { AppState } from '../model/app-state.js';
import type { Account } from '../model/desk.js';
import type { AppEffect } from '../model/effects.js';
import { resumed } from '../model/update.js';
import { peerIn, showPeer } from './address-bar.js';
import type { Memory } from './memory-of-logins.js';
import { Session } from './session.js';
import { Store } from './store.js';
import { StoredHistory } from './stored-history.js';
import type { Tabs } from './tabs.js';

/** The things that a person does which need the clock or chance beside the machine. */
export interface Actions {
  open(peer: string): void;
  say(text: string): void;
}

/** The running page: carries out what the machine asks for. */
export class Application implements Actions {
  readonly store: Store;
  readonly #memory: Memory;
  readonly #tabs: Tabs;
  readonly #window: Window;
  #session: Session | undefined;
  /** From the address, to be opened as soon as the history is there. */
  #wantedPeer: string | undefined;

  constructor(state: AppState, memory: Memory, tabs: Tabs, window: Window) {
    this.store = new Store(state);
    this.#memory = memory;
    this.#tabs = tabs;
    this.#window = window;
    this.store.connect((effect) => this.#carryOut(effect));
  }

  /** Logs in again whoever was logged in, unless another tab has that login, and listens to the browser. */
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
    this.store.apply(resumed(this.store.state, account, form, this.#isWatched()));
    this.#memory.keepLogin(account, form);
  }

  open(peer: string): void {
    const order = this.#session?.nextOrder() ?? 0;
    this.store.dispatch({ kind: 'opened', peer, order });
  }

  say(text: string): void {
    const session = this.#session;
    if (session === undefined) return;
    const order = session.nextOrder();
    this.store.dispatch({ kind: 'said', text, id: newId(), at: Date.now(), order });
  }

  #carryOut(effect: AppEffect): void {
    const session = this.#session;
    switch (effect.kind) {
      case 'log-in':
        this.#sessionOf(effect.account).logIn(effect.patience);
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
      case 'post':
        session?.post(effect.message);
        break;
      case 'keep-message': {
        const { id, delivery, failure } = effect;
        session?.keep((history) => history.setDelivery(id, delivery, failure));
        break;
      }
      case 'keep-conversation':
        session?.keep((history) => history.keepConversation(effect.conversation));
        break;
      case 'delete-conversation':
        session?.keep((history) => history.deleteConversation(effect.peer));
        break;
      case 'remember':
        this.#memory.keepLogin(effect.account, effect.form);
        break;
      case 'keep-preferences':
        this.#memory.keepPreferences(effect.preferences);
        break;
      case 'show-peer':
        showPeer(effect.peer, this.#window);
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
      isWatched: () => this.#isWatched(),
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
    const lookAgain = () => store.dispatch({ kind: 'watched', isWatched: this.#isWatched() });
    const { document } = this.#window;
    document.addEventListener('visibilitychange', lookAgain);
    this.#window.addEventListener('focus', lookAgain);
    this.#window.addEventListener('blur', lookAgain);
    this.#window.addEventListener('popstate', () => {
      const peer = peerIn(this.#window.location.hash);
      if (peer === undefined) store.dispatch({ kind: 'left' });
      else this.open(peer);
    });
  }

  #isWatched(): boolean {
    const { document } = this.#window;
    return document.visibilityState === 'visible' && document.hasFocus();
  }
}

/** A UUID; browsers have `randomUUID` only on pages that came over TLS or from this machine. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
