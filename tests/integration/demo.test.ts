import { readFileSync } from 'node:fs';
import { createClient } from '@imcore/client/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePorts, startDemo, withPorts } from './demo-process.js';
import { DemoScene } from './demo-scene.js';
import { blocksOf, shell, steady, stepsOf } from './documented-session.js';

describe('the demo', () => {
  let scene: DemoScene;
  beforeEach(async () => {
    scene = await DemoScene.open();
  });
  afterEach(() => scene.close());

  it('prints commands that work', async () => {
    const demo = await scene.start();
    const commands = [...demo.output.matchAll(/^ {2}(curl .*)$/gm)].map(([, command]) => command ?? '');
    expect(commands).toHaveLength(3);
    const [login = '', send = '', events = ''] = commands;
    expect(await shell(login)).toContain('"outcome":"logged-in"');
    expect(await shell(send)).toContain('"outcome":"received"');
    expect(await shell(events)).toContain('event: delivered');
  });

  it.each(['README.md', 'README.zh-CN.md'])('answers as documented in %s', async (readme) => {
    await scene.start();
    const steps = blocksOf(readme).flatMap(({ text }) => stepsOf(text));
    const ours = steps.filter(({ command }) => command.startsWith('curl '));
    expect(ours.length).toBeGreaterThanOrEqual(4);
    for (const { command, output } of ours) {
      expect(`${command}\n${steady(await shell(withPorts(command, scene.ports)))}`).toBe(
        `${command}\n${steady(output)}`,
      );
    }
  });

  it('keeps messages for an offline user over a restart, and shuts down gracefully', async () => {
    const first = await scene.start();
    await scene.post('loginConnect', { username: 'admin' });
    expect(await scene.post('sendMsg', { friendId: 'bob', msg: 'over the night' })).toMatchObject({
      outcome: 'stored',
    });
    await first.stop();
    expect(first.output).toContain('[client admin] state previous="online" current="closed"');
    await scene.start();
    const bob = createClient({ url: `udp://127.0.0.1:${scene.ports.get('7901')}` });
    const arrived = new Promise<string>((resolve) => bob.on('message', ({ content }) => resolve(content)));
    await bob.login({ userId: 'bob' });
    expect(await arrived).toBe('over the night');
    await bob.close();
  });

  it('reports a port that is in use, and exits', async () => {
    await scene.start();
    const second = startDemo(scene.directory, scene.ports, { IMCORE_STORE: 'memory' });
    expect(await second.ended).toBe(1);
    expect(second.output).toMatch(/imcore demo: .* is already in use/);
  });

  it('reports a store that is in use, and exits', async () => {
    await scene.start();
    const second = startDemo(scene.directory, await freePorts());
    expect(await second.ended).toBe(1);
    expect(second.output).toMatch(/^imcore demo: .*imcore-demo\.db is in use by another server/m);
  });

  it('exits on an invalid setting', async () => {
    const demo = startDemo(scene.directory, scene.ports, { IMCORE_USERS: 'nonsense' });
    expect(await demo.ended).toBe(1);
    expect(demo.output).toContain('IMCORE_USERS must be a list such as name:password,name:password');
  });
});

describe('the package of the demo', () => {
  it('is started by npm start, and the server alone by npm run start:server', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts).toMatchObject({
      build: 'node scripts/build.mjs',
      prestart: 'node scripts/build.mjs',
      start: 'node apps/demo/dist/main.js',
      'start:server': 'node packages/cli/bin/imcore.js serve --store imcore.db',
    });
  });
});
