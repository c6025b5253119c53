import { describe, expect, it } from 'vitest';
import { announcesSecret, isSecretName, maskStrictly } from '../../lib/diagnose/shapes.ts';

const WORD = 'Pl4nted';

describe('shapes of secrets in a diagnosis', () => {
  it.each([
    ['an option', `redis-server --requirepass ${WORD} --port 6379`],
    ['an option with an equals sign', `app --db-password=${WORD}`],
    ['a quoted option', `app --api-key "${WORD} with spaces" --more`],
    ['an option in a list', `["app","--password","${WORD}","x"]`],
    ['an option in a list of Go', `args=[app -token ${WORD}]`],
    ['YAML', `  adminPassword: ${WORD}`],
    ['quoted YAML', `password: '${WORD} x'`],
    ['JSON in a message', `body {"secret":"${WORD}"} refused`],
    ['escaped JSON', `msg="body {\\"db_token\\": \\"${WORD}\\"}"`],
    ['a query', `GET /hook?token=${WORD}&x=1`],
    ['a signed address', `https://b.test/x?X-Amz-Signature=${WORD}&y=2`],
    ['a data source', `DSN=user:${WORD}@tcp(db)/app`],
    ['the client of MySQL', `mysql -u root -p${WORD} app`],
    ['a dump of MariaDB', `mariadb-dump --all -p'${WORD}'`],
    ['sshpass', `sshpass -p ${WORD} ssh host`],
    ['the client of Redis', `redis-cli -h db -a ${WORD} ping`],
    ['curl', `curl -s -u bob:${WORD} https://x.test`],
    ['a hash of basic authentication', `bob:$apr1$${WORD}$kWlB0Gxq0Xj7Zw0`],
    ['a hash of bcrypt', `bob:$2y$05$${WORD}AAAAAAAAAAAAA`],
    ['an address', `postgres://bob:${WORD}@db.test/app`],
    ['a header', `Authorization: Bearer ${WORD}`],
    ['a join token', `docker swarm join --token SWMTKN-1-${WORD.toLowerCase()}-abc h:2377`],
    ['a mount of CIFS', `o=addr=10.0.0.1,username=bob,password=${WORD}`],
  ])('masks %s', (_name, text) => {
    expect(maskStrictly(text)).not.toMatch(new RegExp(WORD, 'i'));
    expect(maskStrictly(text)).toContain('***');
  });

  it.each([
    'time="2026-01-01T10:00:00Z" level=error msg="failed to start daemon: no space left on device"',
    'node m1: 10.0.0.4:2377 is unreachable; 3 of 5 managers answer',
    'registryAuth: true',
    '{"auth": null, "password": true}',
    'image nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    'mount /run/secrets/db_password in task web.1',
    'docker run -p 8080:80 nginx',
  ])('leaves alone: %s', (text) => {
    expect(maskStrictly(text)).toBe(text);
  });

  it('knows names of secrets', () => {
    const secret = ['password', 'DB_PASSWORD', 'adminPassword', 'dbpassword', 'x-auth-token', 'AWS_SECRET_ACCESS_KEY'];
    for (const name of [...secret, 'API_KEY', 'STRIPE_KEY', 'signingKey', 'splunk-token', 'Cookie', 'PGPASS'])
      expect.soft(isSecretName(name), name).toBe(true);
    for (const name of ['name', 'secrets', 'hostKey', 'SSH_PUBLIC_KEY', 'key', 'identityFile', 'rotateTokens', 'PWD'])
      expect.soft(isSecretName(name), name).toBe(false);
    expect(['--password', '-db-token', '--requirepass'].every(announcesSecret)).toBe(true);
    expect(['--password-file', '--port', 'password'].some(announcesSecret)).toBe(false);
  });
});
