import type { DeliveryMark, FailureCode } from '../model/message.js';
import type { Problem } from '../model/problem.js';

/** All texts of the page in one language. */
export interface Texts {
  /** For `lang` and date formats. */
  readonly locale: string;
  readonly product: string;
  readonly tagline: string;

  readonly login: {
    readonly title: string;
    readonly userId: string;
    readonly userIdHint: string;
    readonly token: string;
    readonly optional: string;
    readonly server: string;
    readonly remember: string;
    readonly submit: string;
    readonly submitting: string;
    readonly cancel: string;
  };
  readonly problem: (problem: Problem) => string;

  readonly preferences: {
    readonly language: string;
    readonly theme: string;
    readonly system: string;
    readonly light: string;
    readonly dark: string;
  };

  readonly list: {
    readonly label: string;
    readonly recent: string;
    readonly contacts: string;
    readonly search: string;
    readonly clear: string;
    readonly start: (userId: string) => string;
    readonly emptyTitle: string;
    readonly emptyText: string;
    readonly noContacts: string;
    readonly nothingFound: string;
    readonly unread: (count: number) => string;
    readonly draft: string;
    readonly noMessages: string;
    readonly notKept: string;
    readonly serverName: string;
  };

  readonly conversation: {
    readonly choose: string;
    readonly chooseHint: string;
    readonly back: string;
    readonly messages: (peer: string) => string;
    readonly begin: (peer: string) => string;
    readonly beginHint: string;
    readonly gap: string;
    readonly gapLoading: string;
    readonly cut: string;
    readonly loading: string;
    readonly unreadFromHere: (count: number) => string;
    readonly toEnd: string;
    readonly newBelow: (count: number) => string;
    readonly write: (peer: string) => string;
    readonly writeLabel: (peer: string) => string;
    readonly send: string;
    readonly keys: string;
    readonly size: (bytes: number, limit: number) => string;
    readonly tooLong: string;
    readonly emoji: string;
    readonly emojiPanel: string;
    readonly mark: Readonly<Record<DeliveryMark, string>>;
    readonly failedBecause: (why: string) => string;
    readonly failure: Readonly<Record<FailureCode, string>>;
    readonly retry: string;
    readonly addContact: string;
    readonly removeContact: string;
    readonly remove: string;
    readonly removeQuestion: (peer: string) => string;
    readonly removeHint: string;
    readonly confirmRemove: string;
    readonly keep: string;
    readonly said: (peer: string, text: string) => string;
    readonly byYou: (text: string) => string;
    readonly today: string;
    readonly yesterday: string;
    readonly opensElsewhere: string;
    readonly more: string;
  };

  readonly connection: {
    readonly online: string;
    readonly connecting: string;
    readonly offline: string;
    readonly label: string;
    readonly server: string;
    readonly roundTrip: string;
    readonly since: string;
    readonly milliseconds: (count: number) => string;
    readonly notMeasured: string;
    readonly lost: string;
    readonly reconnecting: string;
    readonly nextTry: (seconds: number) => string;
    readonly tryNow: string;
    readonly waitingMessages: string;
    readonly signOut: string;
    readonly account: string;
    readonly devices: string;
    readonly devicesLoading: string;
    readonly devicesFailed: string;
    readonly thisDevice: string;
    readonly deviceOnline: string;
    readonly deviceSeen: (when: string) => string;
    readonly deviceUnnamed: string;
    readonly deviceShared: string;
    readonly removeDevice: string;
    readonly removeDeviceOf: (name: string) => string;
  };

  readonly kicked: {
    readonly title: string;
    readonly elsewhere: (userId: string, time: string) => string;
    readonly otherTab: (userId: string) => string;
    readonly removed: string;
    readonly byServer: (code: number, reason: string | undefined) => string;
    readonly unsent: string;
    readonly useHere: string;
    readonly again: string;
    readonly otherUser: string;
  };

  readonly noConfig: string;
  readonly skip: string;
}
