import type { Case } from '../case.js';
import { DEVICE_CASES } from './devices.js';
import { EXTENSION_CASES } from './extension.js';
import { KEY_CASES } from './key.js';
import { LOG_CASES } from './log.js';
import { MESSAGE_CASES } from './messages.js';
import { SESSION_CASES } from './sessions.js';

/** All cases, in the order of the report. */
export const CASES: readonly Case[] = [
  ...SESSION_CASES,
  ...MESSAGE_CASES,
  ...EXTENSION_CASES,
  ...DEVICE_CASES,
  ...LOG_CASES,
  ...KEY_CASES,
];
