import { chroot } from './moto.ts';

/** Before any test: those that run side by side would each build it. */
export default async function setup(): Promise<void> {
  await chroot();
}
