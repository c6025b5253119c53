import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seal } from '../../lib/diagnose/gate.ts';
import { Parts } from '../../lib/diagnose/parts.ts';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import { Secret } from '../../lib/util/secret.ts';
import { anyText, tried } from '../support/properties.ts';

function sealed(content: unknown, secrets: readonly string[] = [], path = ['a.txt']) {
  const parts = new Parts();
  parts.add(path, 'a test', content);
  const known = secrets.map((secret) => new Secret(secret));
  const { files, missing } = seal('test', parts, known, []);
  return { files, missing, text: files.find(({ from }) => from === 'a test')?.text };
}

describe('the gate of a diagnosis', () => {
  it('masks the values of fields with the names of secrets, and words after options', () => {
    const { text, files } = sealed({
      services: [{ adminPassword: 'x', token: 7, args: ['app', '--password', 'x', '--port', '80'], auth: true }],
    });
    expect(JSON.parse(text ?? '')).toEqual({
      services: [
        { adminPassword: '***', token: '***', args: ['app', '--password', '***', '--port', '80'], auth: true },
      ],
    });
    expect(files.find(({ name }) => name === 'a.txt')?.masked).toBe(3);
  });

  it('masks known secrets in every form, in texts, names and numbers', () => {
    const secret = '12345678';
    const encoded = Buffer.from(`bob:${secret}`).toString('base64');
    const { text } = sealed({ [`a ${secret}`]: secret, b: 12345678, c: [`x${encoded}`, `/?q=${secret}`] }, [secret]);
    expect(text).not.toContain(secret);
    expect(text).not.toContain(encoded.slice(8));
    expect(JSON.parse(text ?? '')).toMatchObject({ b: '***' });
  });

  it('removes a private key that spans lines, also one whose beginning is cut off', () => {
    const key = generateKeyPair('x').privateKey;
    const middle = key.split('\n')[2] ?? '';
    expect(sealed(`before\n${key}\nafter`).text).not.toContain(middle);
    expect(sealed(`before\n${key}\nafter`).text).toMatch(/^before\n[^]*\nafter$/);
    expect(sealed({ key }).text).not.toContain(middle);
  });

  it('masks secrets behind colours', () => {
    expect(sealed('\u001B[31mpassword\u001B[0m=\u001B[1mPl4nted\u001B[0m').text).not.toContain('Pl4nted');
  });

  it('leaves out a file in which a secret could not be removed', () => {
    const { files, missing } = sealed('one\nab\ncd\n', ['ab\ncd']);
    expect(files.map(({ name }) => name)).toEqual(['contents.txt', 'missing.txt']);
    expect(missing).toEqual([{ what: 'a.txt', why: 'left out: a secret in it could not be removed' }]);
  });

  it('lets no character act on a terminal, and bounds lines and texts', () => {
    const { text = '' } = sealed(`first\n${'x'.repeat(9000)}\n\u001B[2Jlast\u202E`);
    expect(text).toBe('first\n[a line of 9000 characters left out]\n\\u001b[2Jlast\\u202e');
    const long = sealed(Array.from({ length: 200_000 }, (_, i) => `line ${i}`).join('\n')).text ?? '';
    expect(long.length).toBeLessThan(600_000);
    expect(long).toMatch(/^\[earlier lines left out\]\nline \d+\n[^]*line 199999$/);
    expect(sealed({ a: 'y z '.repeat(5000) }).text).toContain('20000 characters left out');
  });

  it('makes plain names of what comes from outside', () => {
    const parts = new Parts();
    for (const name of ['../../etc/passwd', '..', '', 'a\u0000b', 'A.log', 'a.log', '-rf', 'x'.repeat(300)])
      parts.add(['logs', name], 'a test', 'x');
    const names = parts.all.map((part) => part.name);
    expect(names).toHaveLength(8);
    for (const name of names) expect(name).toMatch(/^logs\/[A-Za-z0-9_][\w.-]{0,99}$/);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(8);
  });

  it('tells one cause once', () => {
    const parts = new Parts();
    parts.miss('nodes', 'no manager');
    parts.miss('tasks', 'no manager');
    expect(seal('test', parts, [], []).missing).toEqual([{ what: 'nodes; tasks', why: 'no manager' }]);
  });

  it('never lets a known secret pass, in whatever it is wrapped (property)', () => {
    const wrap = fc.constantFrom(
      (value: string) => value,
      (value: string) => JSON.stringify({ a: value }),
      (value: string) => encodeURIComponent(value.toWellFormed()),
      (value: string) => Buffer.from(`user:${value}`).toString('base64'),
      (value: string) => Buffer.from(value).toString('base64url'),
      (value: string) => Buffer.from(value).toString('hex'),
    );
    const secrets = fc
      .string({ minLength: 8, maxLength: 30, unit: 'grapheme-ascii' })
      .filter((text) => /[a-z]{3}\d/i.test(text) || text.trim().length > 7);
    fc.assert(
      fc.property(secrets, wrap, anyText(10), anyText(10), fc.boolean(), (secret, form, before, after, asData) => {
        const value = `${before}${form(secret)} ${after}`;
        const { files } = sealed(asData ? { value, [value]: [value] } : value, [secret]);
        const all = files.map(({ text }) => text).join('\n');
        expect(all).not.toContain(secret);
        expect(all).not.toContain(Buffer.from(secret).toString('base64').replace(/.?=*$/, ''));
        expect(all).not.toContain(encodeURIComponent(secret));
      }),
      tried(200),
    );
  });
});
