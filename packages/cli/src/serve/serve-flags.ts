import type { Command } from 'commander';
import { flagOf, SETTING_NAMES, SETTINGS, variableOf } from './settings.js';

const AFTER = `
Each setting can also be set in the environment (${variableOf('tcpPort')} for ${flagOf('tcpPort')}) and in a JSON file
({"tcpPort": 8901}) named by --config or IMCORE_CONFIG. A flag wins over the environment, the environment over the file.`;

/** Gives a command one flag for each setting. */
export function addServeFlags(command: Command): Command {
  for (const name of SETTING_NAMES) {
    const { placeholder, description, byDefault } = SETTINGS[name];
    const flag = placeholder === undefined ? flagOf(name) : `${flagOf(name)} <${placeholder}>`;
    const isSaid = typeof byDefault === 'string' || typeof byDefault === 'number';
    command.option(flag, isSaid ? `${description} (default: ${byDefault})` : description);
  }
  return command.option('--config <file>', 'JSON file with settings').addHelpText('after', AFTER);
}
