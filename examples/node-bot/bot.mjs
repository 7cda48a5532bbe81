import { createClient } from '@imcore/client/node';

const url = process.env.IMCORE_URL ?? 'tcp://127.0.0.1:8901';
const userId = process.env.IMCORE_USER ?? 'echo';
const token = process.env.IMCORE_TOKEN;

const bot = createClient({ url });

bot.on('message', async ({ from, content }) => {
  // The server itself speaks as "0", and a bot that answers bots never stops.
  if (from === '0' || content.startsWith('echo: ')) return;
  try {
    await bot.send({ to: from, content: `echo: ${content}` });
  } catch (error) {
    console.error(`no answer to ${from}: ${error.code}`);
  }
});

bot.on('state', ({ current, reason }) =>
  console.log(reason === undefined ? current : `${current}: ${reason}`),
);
bot.on('kicked', ({ code }) => {
  console.error(`${userId} was logged in elsewhere or sent away (${code})`);
  process.exitCode = 1;
});

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => bot.close());

await bot.login({ userId, token });
