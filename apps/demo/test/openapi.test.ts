import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { API_ERRORS } from '../src/rest/api-error.js';
import { demos } from './running-demo.js';

const start = demos();
const COMMITTED = new URL('../openapi.json', import.meta.url);

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

describe('the OpenAPI document', () => {
  it('is the committed one, which npm run openapi -w @imcore/demo updates', async () => {
    const demo = await start();
    const served: unknown = await (await fetch(`${demo.url}/openapi.json`)).json();
    expect(served).toEqual(JSON.parse(readFileSync(COMMITTED, 'utf8')));
  });

  const document = JSON.parse(readFileSync(COMMITTED, 'utf8')) as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method} ${path}`,
      operation,
    ]),
  );

  it('names every endpoint', () => {
    expect(operations.map(([name]) => name).sort()).toEqual([
      'get /api/messages',
      'get /api/online',
      'post /api/loginConnect',
      'post /api/logout',
      'post /api/push',
      'post /api/sendMsg',
    ]);
  });

  it.each(operations)('describes %s, its responses and its errors', (_name, operation) => {
    expect(operation.summary).toMatch(/\w/);
    expect(operation.description).toMatch(/\w/);
    const errors = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400);
    expect(errors.length).toBeGreaterThanOrEqual(4);
    for (const [, { content }] of errors) {
      expect(content).toMatchObject({
        'application/json': { schema: { $ref: '#/components/schemas/ErrorResponse' } },
      });
    }
  });

  it.each(operations.filter(([name]) => name.startsWith('post')))(
    'accepts %s as JSON and as a form',
    (_name, operation) => {
      expect(Object.keys(operation.requestBody?.content ?? {}).sort()).toEqual([
        'application/json',
        'application/x-www-form-urlencoded',
      ]);
    },
  );

  it('requires the API key only if one is set', async () => {
    const demo = await start({ IMCORE_API_KEY: 'sesame' });
    const document: unknown = await (await fetch(`${demo.url}/openapi.json`)).json();
    const scheme = { type: 'apiKey', in: 'header', name: 'x-api-key' };
    expect(document).toMatchObject({
      security: [{ 'api-key': [] }],
      components: { securitySchemes: { 'api-key': scheme } },
    });
    expect(readFileSync(COMMITTED, 'utf8')).not.toContain('securitySchemes');
  });

  it('lists every error code at some endpoint', () => {
    const text = readFileSync(COMMITTED, 'utf8');
    const paths = text.slice(0, text.indexOf('"components"'));
    const missing = Object.keys(API_ERRORS).filter(
      (code) => code !== 'ERR_NOT_FOUND' && !paths.includes(code),
    );
    expect(missing).toEqual([]);
  });
});

describe('Swagger', () => {
  it.each(['/swagger-ui.html', '/swagger-ui', '/swagger-ui/'])('is served at %s', async (path) => {
    const demo = await start();
    const response = await fetch(`${demo.url}${path}`);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('<title>imcore demo</title>');
  });

  it.each(['swagger-ui-bundle.js', 'swagger-ui.css', 'swagger-ui-init.js', 'favicon-32x32.png'])(
    'loads %s from the program itself',
    async (file) => {
      const demo = await start();
      const response = await fetch(`${demo.url}/swagger-ui/${file}`);
      expect(response.status).toBe(200);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
    },
  );
});
