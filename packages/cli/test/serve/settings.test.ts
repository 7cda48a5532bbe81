import { describe, expect, it } from 'vitest';
import { flagOf, SETTING_NAMES, SETTINGS, variableOf } from '../../src/serve/settings.js';

describe('the settings', () => {
  it('have names for flags and environment variables', () => {
    expect([flagOf('tcpPort'), variableOf('tcpPort')]).toEqual(['--tcp-port', 'IMCORE_TCP_PORT']);
    expect([flagOf('host'), variableOf('host')]).toEqual(['--host', 'IMCORE_HOST']);
  });

  it('accept their own defaults', () => {
    for (const name of SETTING_NAMES) {
      const { byDefault, schema } = SETTINGS[name];
      if (byDefault === undefined) continue;
      expect(schema.parse(byDefault)).toEqual(byDefault);
    }
  });
});
