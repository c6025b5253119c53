import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Prints the changelog's section of the version that a tag names: `release-notes.ts v1.2.3`. Fails when the tag isn't
 * the version in package.json, or the changelog has no notes for it: a release without notes wasn't prepared.
 */

/** The text below the heading of a version, up to the next version. @throws Error when there is none */
export function notesOf(version: string, changelog: string): string {
  const [, ...sections] = changelog.split(/^## /m);
  const section = sections.find((one) => one.startsWith(`[${version}]`));
  const notes = section?.slice(section.indexOf('\n')).trim() ?? '';
  if (notes === '') throw new Error(`CHANGELOG.md has no section [${version}], or the section is empty`);
  return notes;
}

/** The version that a tag stands for. @throws Error unless it is the package's own */
export function versionOf(tag: string, manifest: { readonly version: string }): string {
  if (tag !== `v${manifest.version}`)
    throw new Error(`The tag is ${JSON.stringify(tag)}, but the version in package.json is ${manifest.version}`);
  return manifest.version;
}

if (import.meta.main) {
  const read = (name: string) => readFileSync(fileURLToPath(new URL(`../${name}`, import.meta.url)), 'utf8');
  try {
    const version = versionOf(process.argv[2] ?? '', JSON.parse(read('package.json')));
    process.stdout.write(`${notesOf(version, read('CHANGELOG.md'))}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
