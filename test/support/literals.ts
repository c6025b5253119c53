import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The TypeScript files in a folder of the project, by their paths in it. */
export function sourcesIn(folder: string): { readonly name: string; readonly text: string }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));
}

export function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
}

/** The fixed parts of string literals and templates. */
export function literals(text: string): string[][] {
  const found: string[][] = [];
  for (const [, quoted] of text.matchAll(/(?<![\w\\])'((?:[^'\\\n]|\\.)*)'/g)) found.push([unescaped(quoted)]);
  for (const [, quoted] of text.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)) found.push([unescaped(quoted)]);
  for (let at = text.indexOf('`'); at >= 0;) {
    const { parts, end } = template(text, at + 1);
    found.push(parts);
    at = text.indexOf('`', end);
  }
  return found;
}

function unescaped(text = ''): string {
  return text.replace(/\\n/g, '\n').replace(/\\(.)/g, '$1');
}

/** A template from behind its first backtick. */
function template(text: string, from: number): { readonly parts: string[]; readonly end: number } {
  const parts = [''];
  for (let i = from; i < text.length; i++) {
    if (text[i] === '`') return { parts, end: i + 1 };
    if (text[i] === '\\') {
      parts.push(`${parts.pop()}${unescaped(text.slice(i, i + 2))}`);
      i++;
    } else if (text.startsWith('${', i)) {
      parts.push('');
      for (let depth = 1, inside = i + 2; ; inside++) {
        if (text[inside] === '`') inside = template(text, inside + 1).end - 1;
        if (text[inside] === '{') depth++;
        if (text[inside] === '}' && --depth === 0) {
          i = inside;
          break;
        }
        if (inside >= text.length) return { parts, end: text.length };
      }
    } else parts.push(`${parts.pop()}${text[i]}`);
  }
  return { parts, end: text.length };
}
