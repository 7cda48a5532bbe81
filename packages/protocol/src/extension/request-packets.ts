import { ExtensionType } from './extension-type.js';
import { type InvalidMember, MAX_WHOLE, Members } from './members.js';

/** Maximum length of an operation's name and of an error code, in UTF-16 code units. */
const MAX_OPERATION_LENGTH = 32;
const MAX_ERROR_CODE_LENGTH = 64;

/** Maximum number of items that a request may ask for, and that an answer may have. */
const MAX_LIMIT = 1000;
const MAX_ITEMS = 65_536;

/** Type 1004: a request. It may be repeated with the same number. */
export interface RequestPacket {
  readonly type: typeof ExtensionType.Request;
  /** Chosen by the client; the answer has the same. */
  readonly number: number;
  /** `history`, `conversations`, `devices`, …: up to 32 characters. */
  readonly operation: string;
  readonly conversation?: string | undefined;
  /** Only what is older than this message id. */
  readonly before?: number | undefined;
  /** Maximum number of items, 1 to 1000. */
  readonly limit?: number | undefined;
  /** All members of `x`, for what only some operations have. Not validated. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Type 1104: an answer with items. */
export interface AnswerPacket {
  readonly type: typeof ExtensionType.Answer;
  readonly number: number;
  /** JSON values; their form depends on the operation. */
  readonly items: readonly unknown[];
  /** Whether there are more items than fit into the answer. */
  readonly hasMore: boolean;
}

/** Type 1104: the request failed. */
export interface FailurePacket {
  readonly type: typeof ExtensionType.Answer;
  readonly number: number;
  /** An error code in capitals. */
  readonly code: string;
}

/** Reads the member `x` of a request (type 1004). */
export function readRequest(x: unknown): RequestPacket | InvalidMember {
  const members = new Members(x, 'x');
  return members.result({
    type: ExtensionType.Request,
    number: members.position('q'),
    operation: members.text('op', 1, MAX_OPERATION_LENGTH),
    conversation: members.optionalId('c'),
    before: members.optionalInteger('before', 1, MAX_WHOLE),
    limit: members.optionalInteger('limit', 1, MAX_LIMIT),
    parameters: members.all,
  });
}

/** Reads the member `x` of an answer (type 1104). */
export function readAnswer(x: unknown): AnswerPacket | FailurePacket | InvalidMember {
  const members = new Members(x, 'x');
  const type = ExtensionType.Answer;
  const number = members.position('q');
  if (members.has('code'))
    return members.result({ type, number, code: members.text('code', 1, MAX_ERROR_CODE_LENGTH) });
  return members.result({
    type,
    number,
    items: members.array('items', MAX_ITEMS),
    hasMore: members.optionalBoolean('more') ?? false,
  });
}
