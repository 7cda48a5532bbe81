import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { DemoSettings } from '../settings.js';
import { SETTINGS } from '../tokens.js';
import { API_KEY_HEADER } from './access-guard.js';
import { schemaOf } from './describe-operation.js';
import { RESPONSES } from './responses.js';

const DESCRIPTION = `An instant-messaging server with clients inside it, driven by REST.

1. \`loginConnect\` logs a user in.
2. \`sendMsg\` sends from that user to any other, itself included.
3. \`messages\` shows all callbacks; add \`follow=false\` to see them here.

Every error is JSON with a stable \`code\`.`;

/** The OpenAPI document of the application. It requires the API key only if one is set. */
export function openApiDocument(application: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('imcore demo')
    .setVersion('1')
    .setDescription(DESCRIPTION)
    .addTag('clients', 'Users inside the program')
    .addTag('server', 'The server itself');
  if (application.get<DemoSettings>(SETTINGS).apiKey !== undefined) {
    builder
      .addApiKey({ type: 'apiKey', in: 'header', name: API_KEY_HEADER }, 'api-key')
      .addSecurityRequirements('api-key');
  }
  const document = SwaggerModule.createDocument(application, builder.build());
  const schemas = Object.fromEntries(
    Object.entries(RESPONSES).map(([name, schema]) => [name, schemaOf(schema)]),
  );
  return { ...document, components: { ...document.components, schemas } };
}

/** Serves Swagger UI at `/swagger-ui` and `/swagger-ui.html`, and the document at `/openapi.json`. */
export function serveSwagger(application: INestApplication): void {
  SwaggerModule.setup('swagger-ui', application, () => openApiDocument(application), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'imcore demo',
    swaggerOptions: { validatorUrl: null, displayRequestDuration: true, tryItOutEnabled: false },
  });
}
