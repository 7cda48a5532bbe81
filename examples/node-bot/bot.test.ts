import { createClient } from '@imcore/client/node';
import { expect, it } from 'vitest';
import { Program } from '../testing/program.js';
import { startServer } from '../testing/scene.js';

it('the bot answers what it is told, and ends in order', async () => {
  const { server, tcpUrl } = await startServer();
  const bot = new Program('node-bot/bot.mjs', { IMCORE_URL: tcpUrl, IMCORE_USER: 'bot' });
  await bot.prints(/online/);
  const alice = createClient({ url: tcpUrl });
  const answers: string[] = [];
  const answered = new Promise<void>((resolve) => {
    alice.on('message', ({ content }) => answers.push(content) === 2 && resolve());
  });
  await alice.login({ userId: 'alice' });

  await alice.send({ to: 'bot', content: 'hello' });
  await alice.send({ to: 'bot', content: '你好' });
  await answered;

  expect(answers).toEqual(['echo: hello', 'echo: 你好']);
  expect(await bot.stop()).toBe(0);
  await bot.prints(/closed/);
  await alice.close();
  await server.close();
});
