import { chroot } from './moto.ts';

/** Before any test: parallel tests would each build the image. */
export default async function setup(): Promise<void> {
  await chroot();
}
