import { readdirSync, readFileSync } from 'node:fs';
import { parseRecording, type Recording } from '../../src/conformance/recording.js';

const PROTOCOL = new URL('../../../../docs/protocol/', import.meta.url);

/** A file of docs/protocol. */
export function readProtocolFile(path: string): string {
  return readFileSync(new URL(path, PROTOCOL), 'utf8');
}

/** Names of the recorded conversations. The vectors of the extension, `x-…`, are not recordings. */
export function conversationNames(): string[] {
  return readdirSync(new URL('vectors/', PROTOCOL))
    .filter((file) => file.endsWith('.json') && !file.startsWith('x-'))
    .map((file) => file.slice(0, -'.json'.length));
}

export function readRecording(name: string): Recording {
  return parseRecording(readProtocolFile(`vectors/${name}.json`));
}
