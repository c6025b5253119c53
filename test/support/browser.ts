import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { needPackages } from './packages.ts';

/** Where Debian, and GitHub's runners, have a browser of Chromium's kind. */
const PATHS = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'] as const;

/** Without a network: whatever a page would load from elsewhere fails. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A real Chromium without a window. */
export function launchBrowser(): Promise<Browser> {
  if (!PATHS.some((path) => existsSync(path))) needPackages('chromium');
  return chromium.launch({ executablePath: PATHS.find((path) => existsSync(path)) ?? PATHS[0], args: FLAGS });
}
