import type { TransportKind } from '@imcore/protocol';
import type { Stage } from './stage.js';

/** A requirement of the specification, and how it is tested. */
export interface Case {
  /** As in the specification, section 12.7; `V1` and so on for those of v6, which have no names there. */
  readonly id: string;
  readonly title: string;
  /** Section of the specification. */
  readonly section: string;
  /** `log`: only for servers that offer the extension. */
  readonly needs: 'v6' | 'log';
  /** Default: all. */
  readonly transports?: readonly TransportKind[];
  /** Why no server can be tested from outside. Instead of `run`. */
  readonly cannot?: string;
  /**
   * `offersLog`: whether the server offers the extension.
   *
   * @throws Unmet if the server does not fulfil the requirement, NotApplicable if it cannot be tested on it
   */
  readonly run?: (stage: Stage, offersLog: boolean) => Promise<void>;
}
