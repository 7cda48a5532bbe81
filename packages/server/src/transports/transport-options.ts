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

/** Options of every transport. */
export interface TransportOptions {
  /** Address to listen on. Default `0.0.0.0`: all of IPv4. */
  readonly host?: string | undefined;
  /** Port to listen on; 0 selects a free one. */
  readonly port?: number | undefined;
  /** The sense mode, the keep-alive setting, of the clients. Default 15 s, on UDP 3 s. */
  readonly senseMode?: SenseMode | undefined;
}

/** The names of the options of every transport. */
export const TRANSPORT_OPTIONS: OptionNames<TransportOptions> = {
  host: true,
  port: true,
  senseMode: true,
};

/** Returns the read time-out for the options. */
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
