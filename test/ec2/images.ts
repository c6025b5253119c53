/** The public images of the emulated region, named as their publishers do, with decoys that must not be chosen. */
const image = (id: string, owner: string, name: string, architecture = 'x86_64', creation = '2026-01-01') => ({
  ami_id: id,
  owner_id: owner,
  name,
  architecture,
  creation_date: `${creation}T00:00:00.000Z`,
  description: name,
  public: true,
  virtualization_type: 'hvm',
  hypervisor: 'xen',
  state: 'available',
  platform: null,
  image_type: 'machine',
  image_location: 'amazon/images',
  root_device_name: name.startsWith('ubuntu') ? '/dev/sda1' : '/dev/xvda',
  root_device_type: 'ebs',
  sriov: 'simple',
});

const CANONICAL = '099720109477';
const DEBIAN = '136693071363';
const AMAZON = '137112412989';

export const AMI = {
  noble: 'ami-00000000000024042',
  nobleArm: 'ami-00000000000024043',
  jammy: 'ami-00000000000022041',
  bionic: 'ami-00000000000018041',
  trixie: 'ami-00000000000000132',
  bookworm: 'ami-00000000000000121',
  amazon: 'ami-00000000000002023',
} as const;

export const IMAGES = [
  image(
    'ami-00000000000024041',
    CANONICAL,
    'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250101',
    'x86_64',
    '2025-01-01',
  ),
  image(
    AMI.noble,
    CANONICAL,
    'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261101',
    'x86_64',
    '2026-11-01',
  ),
  image(
    AMI.nobleArm,
    CANONICAL,
    'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20261101',
    'arm64',
    '2026-11-01',
  ),
  image(
    'ami-00000000000024049',
    '999999999999',
    'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261120',
    'x86_64',
    '2026-11-20',
  ),
  image(AMI.jammy, CANONICAL, 'ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20261001'),
  image(AMI.bionic, CANONICAL, 'ubuntu/images/hvm-ssd/ubuntu-bionic-18.04-amd64-server-20230601'),
  image('ami-00000000000000131', DEBIAN, 'debian-13-amd64-20260101-1', 'x86_64', '2026-01-01'),
  image(AMI.trixie, DEBIAN, 'debian-13-amd64-20261015-2', 'x86_64', '2026-10-15'),
  image('ami-00000000000000133', DEBIAN, 'debian-13-backports-amd64-20261115-3', 'x86_64', '2026-11-15'),
  image(AMI.bookworm, DEBIAN, 'debian-12-amd64-20261015-2'),
  image(AMI.amazon, AMAZON, 'al2023-ami-2023.9.20261110.0-kernel-6.12-x86_64'),
  image('ami-00000000000002024', AMAZON, 'al2023-ami-minimal-2023.9.20261115.0-kernel-6.12-x86_64'),
];
