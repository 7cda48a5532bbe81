import {
  DEFAULT_SENSE_MODE,
  isSenseMode,
  SENSE_MODES,
  type SenseMode,
  senseTimes,
  type TransportKind,
} from '@imcore/protocol';
import { checkInteger, type OptionNames } from '../check-options.js';
import { UsageError } from '../errors.js';

/** Options that every transport has. */
export interface TransportOptions {
  /** Address to listen on. Default `0.0.0.0`: all of IPv4. */
  readonly host?: string | undefined;
  /** Port to listen on; 0 takes a free one. */
  readonly port?: number | undefined;
  /** The keep-alive setting that clients are told to use. Default 15 s, on UDP 3 s. */
  readonly senseMode?: SenseMode | undefined;
  /** A session that sends no complete packet for so long is closed, in milliseconds. Default: as the sense mode has it. */
  readonly readTimeoutMs?: number | undefined;
}

/** Their names. */
export const TRANSPORT_OPTIONS: OptionNames<TransportOptions> = {
  host: true,
  port: true,
  senseMode: true,
  readTimeoutMs: true,
};

/** The read time-out that the options ask for. */
export function readTimeoutOf(options: TransportOptions, transport: TransportKind): number {
  const mode = options.senseMode ?? DEFAULT_SENSE_MODE[transport];
  if (!isSenseMode(mode)) {
    throw new UsageError(
      'ERR_INVALID_OPTION',
      `option senseMode is ${String(mode)}, allowed are ${SENSE_MODES.join(', ')}`,
    );
  }
  checkInteger('readTimeoutMs', options.readTimeoutMs, 1);
  checkInteger('port', options.port, 0, 65_535);
  return options.readTimeoutMs ?? senseTimes(mode, transport).serverReadTimeoutMs;
}
