import { writeFileSync } from 'node:fs';
import { createApplication } from './create-application.js';
import { openApiDocument } from './rest/openapi.js';
import { readSettings } from './settings.js';

/** The committed document, so that changes of REST appear in diffs. */
const FILE = new URL('../openapi.json', import.meta.url);

const application = await createApplication(readSettings({ IMCORE_STORE: 'memory' }), { logger: false });
writeFileSync(FILE, `${JSON.stringify(openApiDocument(application), undefined, 2)}\n`);
await application.close();
