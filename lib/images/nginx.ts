import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DebianImage } from './debian.ts';

/** The image's name, so that it stands in for the official one. */
export const NGINX = 'nginx:latest';

const CONFIGURATION = `daemon off;
worker_processes 1;
error_log stderr notice;
pid /run/nginx.pid;
events { worker_connections 256; }
http {
  types { text/html html; text/css css; text/plain txt; }
  default_type application/octet-stream;
  access_log /dev/stdout;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {
    listen 80;
    root /usr/share/nginx/html;
    index index.html;
  }
}
`;

/** nginx from Debian's package: like the official image, it serves its welcome page on port 80 and stops on SIGQUIT. */
export const nginxImage: DebianImage = {
  images: [
    {
      name: NGINX,
      config: {
        Cmd: ['/usr/sbin/nginx', '-c', '/etc/nginx/nginx.conf'],
        ExposedPorts: { '80/tcp': {} },
        StopSignal: 'SIGQUIT',
      },
    },
  ],
  suite: 'bookworm',
  packages: ['nginx'],
  programs: ['/usr/sbin/nginx'],
  files: ['/usr/share/nginx/html/index.html'],
  finish: async (root) => {
    for (const folder of ['etc/nginx', 'run', 'tmp', 'var/log/nginx', 'var/lib/nginx', 'dev'])
      await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, 'etc/nginx/nginx.conf'), CONFIGURATION);
    await writeFile(
      join(root, 'etc/passwd'),
      'root:x:0:0:root:/:/sbin/nologin\nwww-data:x:33:33:www-data:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n',
    );
    await writeFile(join(root, 'etc/group'), 'root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n');
  },
};
