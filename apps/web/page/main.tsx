import { render } from 'preact';
import { Application } from './io/application.js';
import { SafeStorage, SavedState } from './io/saved-state.js';
import { Tabs } from './io/tabs.js';
import type { AppState } from './model/app-state.js';
import { defaultServer, type PageConfig, readConfig } from './model/server-address.js';
import './style/index.css';
import { languageFor, textsOf } from './text/texts-of.js';
import { App } from './view/app.js';

const memory = new SavedState(new SafeStorage(() => sessionStorage), new SafeStorage(() => localStorage));
const preferences = {
  language: languageFor(navigator.languages),
  theme: 'system',
  ...memory.preferences(),
} as const;
const root = document.getElementById('app') ?? document.body;

async function fetchConfig(): Promise<PageConfig | undefined> {
  try {
    const response = await fetch('config.json');
    return readConfig(await response.json());
  } catch {
    return undefined;
  }
}

function initialState(config: PageConfig): AppState {
  const { protocol, hostname } = window.location;
  const location = { protocol, hostname };
  const form = { server: defaultServer(config, location), userId: '', token: '', remember: false };
  return {
    preferences,
    config,
    location,
    stage: { name: 'signed-out', form: { ...form, ...memory.form() }, problem: undefined },
  };
}

async function start(): Promise<void> {
  const config = await fetchConfig();
  if (config === undefined) {
    root.textContent = textsOf(preferences.language).noConfig;
    return;
  }
  const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('imcore');
  const tabs = new Tabs(channel, () => Date.now());
  const application = new Application(initialState(config), memory, tabs, window);
  await application.start();
  render(<App application={application} />, root);
}

await start();
