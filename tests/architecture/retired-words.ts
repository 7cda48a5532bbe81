/** A word that must not come back, and where it is fine. */
interface RetiredWord {
  /** Matches the word in a text of {@link plainText}. */
  readonly pattern: RegExp;
  /** The term to use instead. */
  readonly instead: string;
  /** Terms that contain the word and are not meant. */
  readonly except?: RegExp;
}

/** The words that we have replaced with the terms of the field. */
const RETIRED_WORDS: readonly RetiredWord[] = [
  { pattern: /\bcouriers?\b/i, instead: 'dispatcher, route' },
  { pattern: /\bcustody\b/i, instead: 'delivery state' },
  { pattern: /\bslips?\b/i, instead: 'bridge outbox, outbox pointers' },
  { pattern: /\bgraveyards?\b/i, instead: 'dead letters' },
  { pattern: /\bbur(?:y|ies|ied|ying)\b/i, instead: 'add to the dead letters' },
  {
    pattern: /\bletters?\b/i,
    instead: 'dead letters, messages',
    except:
      /\bdead letters?\b|\b(?:capital|small|upper case|lower case) letters?\b|\bletter spacing\b|\bletters? and digits?\b/gi,
  },
  { pattern: /\bdoors?\b/i, instead: 'listener, port' },
  { pattern: /\bmail ?box(?:es)?\b/i, instead: 'inbox in memory, queue in the store' },
  {
    pattern: /\bgateways?\b/i,
    instead: 'transports',
    // Nest's decorator, and the classes of MobileIMSDK.
    except: /\bweb socket gateways?\b|\bGateway (?:UDP|TCP|Websocket)\b|\bsupported Gateways\b/gi,
  },
  { pattern: /\blook Again\b/, instead: 'poll' },
  { pattern: /\blet In\b/, instead: 'add, accept' },
  { pattern: /\bgo On\b/, instead: 'resume' },
  { pattern: /\bcome To End\b/, instead: 'finish' },
  { pattern: /\bstands? in line\b/i, instead: 'waits in the queue' },
  { pattern: /\bone time in\b/i, instead: 'at most once every …' },
  { pattern: /\bfalse clock\b/i, instead: 'fake clock' },
  { pattern: /\b(?:is|are) told of\b/i, instead: 'gets, is called with' },
  { pattern: /\bnobody['’]s\b/i, instead: 'reserved, unassigned' },
  { pattern: /\ba thousand lives\b/i, instead: '1,000 runs' },
];

/** Phrases that only the documents have replaced. */
const RETIRED_IN_DOCUMENTS: readonly RetiredWord[] = [
  { pattern: /\bwhat (?:becomes|became|comes) of\b/i, instead: 'outcome, delivery' },
  { pattern: /\b(?:in|pair of) (?:the )?hands\b/i, instead: 'responsible' },
  { pattern: /\bhand(?:s|ed|ing)? (?:on|over|out)\b/i, instead: 'delivers, passes, publishes' },
  { pattern: /\blets? go of\b/i, instead: 'expires, frees' },
  { pattern: /\bgo(?:es)? on by (?:itself|themselves)\b/i, instead: 'continues, recovers without a restart' },
  { pattern: /\b(?:is|are) no (?:setting|option|user ids?)\b/i, instead: 'unknown, not valid' },
  { pattern: /\brooms? of the\b/i, instead: 'parts, folders' },
  {
    pattern: /\brefus(?:e|es|ed|al|als)\b/i,
    instead: 'rejected',
    // Codes of RabbitMQ and of the system; experiments and recordings of the original.
    except: /\bACCESS REFUSED\b|\bECONNREFUSED\b|\b(?:tcp|udp|ws) (?:login refused|refused login)\b/g,
  },
];

/** A retired word in a text, with the words around it, and the terms to use instead. */
interface Finding {
  readonly word: string;
  readonly around: string;
  readonly instead: string;
}

/** Finds the retired words of a text, also inside of identifiers, and phrases across the lines of a comment. */
export function retiredWordsIn(text: string, kind: 'source' | 'document' = 'source'): Finding[] {
  const plain = plainText(text);
  const words = kind === 'source' ? RETIRED_WORDS : [...RETIRED_WORDS, ...RETIRED_IN_DOCUMENTS];
  return words.flatMap(({ pattern, instead, except }) => {
    const searched = except === undefined ? plain : plain.replace(except, (term) => '-'.repeat(term.length));
    return [...searched.matchAll(new RegExp(pattern, `${pattern.flags}g`))].map(({ 0: word, index }) => ({
      word,
      around: plain.slice(Math.max(0, index - 30), index + word.length + 30),
      instead,
    }));
  });
}

/** Splits identifiers into words, and joins the lines of comments. */
function plainText(text: string): string {
  return text
    .replace(/\n\s*(?:\*|\/\/|#)?\s*/g, ' ')
    .replace(/[_-]/g, ' ')
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ')
    .replace(/ +/g, ' ');
}
