import { type Command, Option } from 'commander';
import { flagOf, REMOVED_SETTINGS, SETTING_NAMES, SETTINGS, variableOf } from './settings.js';

const withoutFlag = SETTING_NAMES.filter((name) => SETTINGS[name].hasFlag === false);

const AFTER = `
Settings can also come from environment variables (${variableOf('tcpPort')} for ${flagOf('tcpPort')}) and from a JSON file
({"tcpPort": 8901}) given with --config or IMCORE_CONFIG. Flags take precedence over environment variables, and
environment variables over the file. Settings without a flag: ${withoutFlag.join(', ')}.`;

/** Adds the flags of the settings to a command. */
export function addServeFlags(command: Command): Command {
  for (const name of SETTING_NAMES) {
    const { placeholder, description, byDefault, hasFlag } = SETTINGS[name];
    if (hasFlag === false) continue;
    const flag = placeholder === undefined ? flagOf(name) : `${flagOf(name)} <${placeholder}>`;
    const showsDefault = typeof byDefault === 'string' || typeof byDefault === 'number';
    command.option(flag, showsDefault ? `${description} (default: ${byDefault})` : description);
  }
  // Removed flags are parsed, so that readSettings can say what to use instead.
  for (const name of [...withoutFlag, ...Object.keys(REMOVED_SETTINGS)])
    command.addOption(new Option(`${flagOf(name)} [value]`).hideHelp());
  return command.option('--config <file>', 'JSON file with settings').addHelpText('after', AFTER);
}
