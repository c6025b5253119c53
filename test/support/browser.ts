import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { needPackages } from './packages.ts';

/** Paths of Chromium on Debian and on GitHub's runners. */
const PATHS = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'] as const;

/** Without a network: a page that loads anything from elsewhere fails. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A real headless Chromium. */
export function launchBrowser(): Promise<Browser> {
  if (!PATHS.some((path) => existsSync(path))) needPackages('chromium');
  return chromium.launch({ executablePath: PATHS.find((path) => existsSync(path)) ?? PATHS[0], args: FLAGS });
}
