import type { TransportKind } from '@imcore/protocol';
import type { Experiment } from './experiment.js';

/** Packets that a logged-in user `me` sends: odd variants of an echo of `v`. */
const BODIES: Readonly<Record<string, string>> = {
  'type as string': '{"type":"5","dataContent":"v","from":"me","to":"0"}',
  'type as float 5.0': '{"type":5.0,"dataContent":"v","from":"me","to":"0"}',
  'type as float 5.5': '{"type":5.5,"dataContent":"v","from":"me","to":"0"}',
  'type null': '{"type":null,"dataContent":"v","from":"me","to":"0"}',
  'type missing (is 0 = login)':
    '{"dataContent":"{\\"loginUserId\\":\\"viaMissingType\\",\\"loginToken\\":\\"tok\\"}","from":"me","to":"0"}',
  'type true': '{"type":true,"dataContent":"v","from":"me","to":"0"}',
  'unknown type 99': '{"type":99,"dataContent":"v","from":"me","to":"0"}',
  'server type 50 from a client':
    '{"type":50,"dataContent":"{\\"code\\":0,\\"firstLoginTime\\":1}","from":"0","to":"me"}',
  'whitespace around and inside': ' \n{ "type" : 5 ,\t"dataContent" : "v" , "from" : "me" , "to" : "0" }\n ',
  'single quotes': "{'type':5,'dataContent':'v','from':'me','to':'0'}",
  'unquoted names': '{type:5,dataContent:"v",from:"me",to:"0"}',
  'trailing comma': '{"type":5,"dataContent":"v","from":"me","to":"0",}',
  'comment inside': '{"type":5,/* c */"dataContent":"v","from":"me","to":"0"}',
  'semicolons and equals': '{"type"=5;"dataContent"="v";"from"="me";"to"="0"}',
  'trailing garbage': '{"type":5,"dataContent":"v","from":"me","to":"0"}garbage',
  'two objects in one frame':
    '{"type":5,"dataContent":"v","from":"me","to":"0"}{"type":5,"dataContent":"w","from":"me","to":"0"}',
  'UTF-8 BOM first': '\ufeff{"type":5,"dataContent":"v","from":"me","to":"0"}',
  'QoS lower case name': '{"type":5,"dataContent":"v","from":"me","to":"0","fp":"x","qos":true}',
  'QoS as string "true"': '{"type":5,"dataContent":"v","from":"me","to":"0","fp":"x","QoS":"true"}',
  'QoS as number 1': '{"type":5,"dataContent":"v","from":"me","to":"0","fp":"x","QoS":1}',
  'dataContent a number': '{"type":5,"dataContent":42,"from":"me","to":"0"}',
  'dataContent an object': '{"type":5,"dataContent":{"a":1},"from":"me","to":"0"}',
  'from a number': '{"type":5,"dataContent":"v","from":7,"to":"0"}',
  'duplicate keys': '{"type":5,"dataContent":"one","dataContent":"two","from":"me","to":"0"}',
  'nulls everywhere': '{"type":5,"dataContent":null,"from":null,"to":null,"fp":null}',
  'only the type': '{"type":5}',
  'sm set': '{"type":5,"dataContent":"v","from":"me","to":"0","sm":1700000000000}',
  'typeu as string, sm as string': '{"type":5,"dataContent":"v","from":"me","to":"0","typeu":"12","sm":"13"}',
  'typeu beyond 32 bits': '{"type":5,"dataContent":"v","from":"me","to":"0","typeu":4294967296}',
  'lone surrogate escape': '{"type":5,"dataContent":"\\ud800","from":"me","to":"0"}',
  'control characters raw': '{"type":5,"dataContent":"a\u0001b\nc","from":"me","to":"0"}',
  'malformed JSON': '{"type":5,"dataContent":"v"',
  'JSON array': '[5,"v"]',
  'JSON string': '"v"',
  'JSON null': 'null',
  'plain text': 'hello server',
  'only whitespace': '   ',
};

/** A packet with three bytes that are invalid in UTF-8. */
const INVALID_UTF8 = Buffer.concat([
  Buffer.from('{"type":5,"dataContent":"'),
  Buffer.from([0xff, 0xfe, 0x80]),
  Buffer.from('","from":"x","to":"0"}'),
]);

const ON_UDP = [
  'malformed JSON',
  'JSON null',
  'JSON array',
  'plain text',
  'only whitespace',
  'type as string',
  'trailing garbage',
  'unknown type 99',
];

/** Odd packets of a logged-in user. */
export const lenientExperiments: readonly Experiment[] = [
  ...Object.keys(BODIES).map((what) => lenient('tcp', what)),
  ...ON_UDP.map((what) => lenient('udp', what)),
  ...ON_UDP.map((what) => lenient('websocket', what)),
  {
    name: 'lenient tcp invalid UTF-8 bytes in text',
    async run(lab) {
      const me = await lab.user('tcp');
      const header = Buffer.alloc(4);
      header.writeUInt32BE(INVALID_UTF8.length);
      me.sendRaw(Buffer.concat([header, INVALID_UTF8]));
      return await me.outcome();
    },
  },
];

function lenient(transport: TransportKind, what: string): Experiment {
  return {
    name: `lenient ${transport === 'websocket' ? 'ws' : transport} ${what}`,
    overSockets: transport === 'websocket',
    async run(lab) {
      const me = await lab.user(transport);
      me.send(BODIES[what] ?? '');
      return await me.outcome();
    },
  };
}
