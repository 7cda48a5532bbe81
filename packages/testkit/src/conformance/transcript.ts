import { PacketType } from '@imcore/protocol';
import { isObject, type JsonObject, parseJson } from './json.js';
import { isFrame, packetOf, type QueuedPayload, type Recording, type TimedCallback } from './recording.js';

/** What a client received from our server. */
export type Observation = { readonly atMs: number } & (
  | { readonly kind: 'frame'; readonly body: string; readonly wholeFrame?: Uint8Array }
  | { readonly kind: 'close-frame'; readonly hex: string }
  | { readonly kind: 'close' }
);

/**
 * What happened when a recording was played: what each client received, and the callbacks of the server's application.
 *
 * Also translates login times between the play and the recording. The server chooses a login's time, and a client that
 * logs in again sends it back: in the play, that is the time that our server chose.
 */
export class Transcript {
  readonly callbacks: TimedCallback[] = [];
  /** The instant of the play after which the recording contains nothing. */
  endsAtMs = Number.POSITIVE_INFINITY;
  readonly published: QueuedPayload[] = [];
  readonly #recording: Recording;
  readonly #onObserved: () => void;
  readonly #observations = new Map<string, Observation[]>();
  /** Instant in the play → instant in the recording, by connection. */
  readonly #times = new Map<string, Map<number, number>>();
  /** User → connections. */
  readonly #users = new Map<string, Set<string>>();

  /** `onObserved` is called after each observation. */
  constructor(recording: Recording, onObserved: () => void = () => {}) {
    this.#recording = recording;
    this.#onObserved = onObserved;
  }

  observe(connection: string, observation: Observation): void {
    if (observation.kind === 'frame') this.#learnTime(connection, observation.body);
    this.#of(connection).push(observation);
    this.#onObserved();
  }

  observationsOf(connection: string): readonly Observation[] {
    return this.#observations.get(connection) ?? [];
  }

  /** A recorded login for the play: replaces the recording's times with those of the play. */
  rewriteLogin(connection: string, body: string): string {
    const packet = packetOf(body);
    if (packet['type'] !== PacketType.Login) return body;
    const user = packet['from'];
    if (typeof user === 'string') this.#users.set(user, (this.#users.get(user) ?? new Set()).add(connection));
    const recorded = firstLoginTimeIn(packet);
    if (recorded === undefined || recorded <= 0) return body;
    const ours = this.#inPlay(recorded) ?? recorded;
    this.#timesOf(connection).set(ours, recorded);
    return body.replace(String(recorded), String(ours));
  }

  /** Translates a time of the play on a connection into the recording's. */
  translate(connection: string, time: number): number {
    return this.#times.get(connection)?.get(time) ?? time;
  }

  /** Translates a time of the play in a callback about a user into the recording's. */
  translateFor(user: string, time: number): number {
    for (const connection of this.#users.get(user) ?? []) {
      const recorded = this.#times.get(connection)?.get(time);
      if (recorded !== undefined) return recorded;
    }
    return time;
  }

  /** Maps the first time that our server chooses on a connection to the first that the original chose. */
  #learnTime(connection: string, body: string): void {
    const times = this.#timesOf(connection);
    const ours = loginTimeIn(body);
    if (ours === undefined || times.size > 0) return;
    for (const entry of this.#recording.entries) {
      if (entry.connection !== connection || !isFrame(entry, 'server')) continue;
      const recorded = loginTimeIn(entry.body);
      if (recorded === undefined) continue;
      times.set(ours, recorded);
      return;
    }
  }

  #inPlay(recorded: number): number | undefined {
    for (const times of this.#times.values())
      for (const [ours, original] of times) if (original === recorded) return ours;
    return undefined;
  }

  #of(connection: string): Observation[] {
    let observations = this.#observations.get(connection);
    if (observations === undefined) {
      observations = [];
      this.#observations.set(connection, observations);
    }
    return observations;
  }

  #timesOf(connection: string): Map<number, number> {
    let times = this.#times.get(connection);
    if (times === undefined) {
      times = new Map();
      this.#times.set(connection, times);
    }
    return times;
  }
}

/** The time in the answer to an accepted login. */
function loginTimeIn(body: string): number | undefined {
  const packet = packetOf(body);
  const time = packet['type'] === PacketType.LoginResponse ? firstLoginTimeIn(packet) : undefined;
  return time !== undefined && time > 0 ? time : undefined;
}

function firstLoginTimeIn(packet: JsonObject): number | undefined {
  const content = parseJson(String(packet['dataContent']));
  const time = isObject(content) ? content['firstLoginTime'] : undefined;
  return typeof time === 'number' ? time : undefined;
}
