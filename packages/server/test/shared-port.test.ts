import { describe, expect, it } from 'vitest';
import { canSharePort } from '../src/transports/shared-port.js';
import { udp } from '../src/transports/udp.js';

describe('a shared UDP port', () => {
  it.each([
    ['20.20.2', 'linux', false],
    ['22.11.0', 'linux', false],
    ['22.12.0', 'linux', true],
    ['23.0.0', 'linux', false],
    ['23.1.0', 'linux', true],
    ['24.0.0', 'freebsd', true],
    ['24.0.0', 'darwin', false],
    ['24.0.0', 'win32', false],
  ])('is possible with Node %s on %s: %s', (version, system, expected) => {
    expect(canSharePort(version, system)).toBe(expected);
  });

  it('is an option only where it is possible', () => {
    const create = () => udp({ port: 0, reusePort: true });
    if (canSharePort(process.versions.node)) expect(create).not.toThrow();
    else expect(create).toThrow(/^option reusePort needs Node 22.12 or 23.1 on Linux or FreeBSD, this is /);
    expect(() => udp({ reusePort: 'yes' as unknown as boolean })).toThrow('reusePort must be true or false');
  });
});
