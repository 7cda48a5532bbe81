import {
  DEFAULT_SENSE_MODE,
  isSenseMode,
  SENSE_MODES,
  type SenseMode,
  senseTimes,
  type TransportKind,
} from '@imcore/protocol';
import { checkInteger, type OptionNames, typeName } from '../check-options.js';
import { UsageError } from '../errors.js';

/** Options that every transport has. */
export interface TransportOptions {
  /** Address to listen on. Default `0.0.0.0`: all of IPv4. */
  readonly host?: string | undefined;
  /** Port to listen on; 0 takes a free one. */
  readonly port?: number | undefined;
  /** The keep-alive setting that the clients use. Default 15 s, on UDP 3 s. */
  readonly senseMode?: SenseMode | undefined;
}

/** Their names. */
export const TRANSPORT_OPTIONS: OptionNames<TransportOptions> = {
  host: true,
  port: true,
  senseMode: true,
};

/** The read time-out that the options ask for. */
export function readTimeoutOf(options: TransportOptions, transport: TransportKind): number {
  const mode = options.senseMode ?? DEFAULT_SENSE_MODE[transport];
  if (!isSenseMode(mode)) {
    throw new UsageError(
      'ERR_INVALID_OPTION',
      `option senseMode must be one of ${SENSE_MODES.join(', ')}, got ${typeName(mode)}`,
    );
  }
  checkInteger('port', options.port, 0, 65_535);
  return senseTimes(mode, transport).serverReadTimeoutMs;
}
