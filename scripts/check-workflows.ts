import { globSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { TextDocument } from 'vscode-languageserver-textdocument';

/**
 * Checks workflows of GitHub Actions (default: .github/workflows) with GitHub's own language service: their keys,
 * events, permissions, job graph and expressions. The inputs of actions aren't checked, as the actions would have to be
 * downloaded.
 */

// The service is written for bundlers: it imports JSON without an import attribute, which Node.js refuses.
registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
});
const { validate } = await import('@actions/languageservice');

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const named = process.argv.slice(2);
const files = named.length > 0 ? named : globSync('.github/workflows/*.{yml,yaml}').toSorted();
for (const file of files) {
  const document = TextDocument.create(`file:///${file}`, 'yaml', 1, readFileSync(file, 'utf8'));
  for (const { range, message } of await validate(document)) {
    const text = typeof message === 'string' ? message : message.value;
    process.stderr.write(`${file}:${range.start.line + 1}:${range.start.character + 1} ${text}\n`);
    process.exitCode = 1;
  }
}
