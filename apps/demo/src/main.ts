import { existsSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { trimMemory } from '@imcore/cli/process-memory';
import { ImStatus } from '@imcore/nestjs';
import type { INestApplication } from '@nestjs/common';
import { banner } from './banner.js';
import { createApplication } from './create-application.js';
import { explainStartError } from './explain-start-error.js';
import { isChatPageBuilt } from './page/chat-page.js';
import { type DemoSettings, readSettings } from './settings.js';
import { USER_CHECK } from './tokens.js';
import type { UserCheck } from './users/user-check.js';

let application: INestApplication | undefined;
let settings: DemoSettings | undefined;
try {
  if (existsSync('.env')) process.loadEnvFile('.env');
  settings = readSettings(process.env);
  application = await createApplication(settings);
  await application.listen(settings.httpPort, settings.httpHost);
  const { port } = (application.getHttpServer() as Server).address() as AddressInfo;
  const { isOpen } = application.get<UserCheck>(USER_CHECK);
  const { addresses } = application.get(ImStatus);
  process.stderr.write(banner({ addresses, httpPort: port, settings, isOpen, hasChat: isChatPageBuilt() }));
  // This program is only a server. Leave this out in an application that does more.
  trimMemory();
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${explainStartError(error, settings)}\n`);
  await application?.close();
}
