// Serves the page and the client's single file: node serve.mjs
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const files = {
  '/': [new URL('index.html', import.meta.url), 'text/html'],
  '/imcore-client.js': [import.meta.resolve('@imcore/client/browser'), 'text/javascript'],
};

const server = createServer(async ({ url }, response) => {
  const [file, type] = files[new URL(url, 'http://localhost').pathname] ?? [];
  if (file === undefined) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` });
  response.end(await readFile(fileURLToPath(file)));
});
server.listen(Number(process.env.PORT ?? 8000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/?user=alice`);
});
