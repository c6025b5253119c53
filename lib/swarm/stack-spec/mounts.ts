import type { ComposeConfig, ComposeMount } from '../../compose/types.ts';
import { NAMESPACE_LABEL, scoped } from './names.ts';
import { orNone } from './values.ts';

/** A service's mounts in the form of the Engine API. Source: docker/cli, cli/compose/convert, Volumes. */
export function mountsOf(stack: string, mounts: readonly ComposeMount[], volumes: ComposeConfig['volumes']): object[] {
  return mounts.map((mount) => ({
    Type: orNone(mount.type),
    Source: orNone(mount.source),
    Target: orNone(mount.target),
    ReadOnly: orNone(mount.read_only),
    Consistency: orNone(mount.consistency),
    ...optionsOf(stack, mount, volumes),
  }));
}

function optionsOf(stack: string, mount: ComposeMount, volumes: ComposeConfig['volumes']): object {
  const { type = 'volume', source = '', bind, image, tmpfs } = mount;
  switch (type) {
    case 'volume':
      return source === '' ? {} : volumeOf(stack, mount, volumes);
    case 'cluster':
      return {
        // A group of volumes isn't in the stack's name space.
        Source: source.startsWith('group:') ? source : nameOf(stack, source, volumes),
        ClusterOptions: {},
      };
    case 'image':
      return image ? { ImageOptions: { Subpath: orNone(image.subpath) } } : {};
    case 'tmpfs':
      return tmpfs ? { TmpfsOptions: { SizeBytes: orNone(tmpfs.size) } } : {};
    default:
      return bind ? { BindOptions: { Propagation: orNone(bind.propagation) } } : {};
  }
}

function nameOf(stack: string, source: string, volumes: ComposeConfig['volumes']): string {
  return volumes?.[source]?.name ?? scoped(stack, source);
}

function volumeOf(stack: string, { source = '', volume }: ComposeMount, volumes: ComposeConfig['volumes']): object {
  const { driver, driver_opts: options, external = false, labels = {} } = volumes?.[source] ?? {};
  const use = { NoCopy: orNone(volume?.nocopy), Subpath: orNone(volume?.subpath) };
  const own = {
    Labels: { ...labels, [NAMESPACE_LABEL]: stack },
    ...(driver !== undefined || options !== undefined ? { DriverConfig: { Name: driver, Options: options } } : {}),
  };
  return { Source: nameOf(stack, source, volumes), VolumeOptions: { ...use, ...(external ? {} : own) } };
}
