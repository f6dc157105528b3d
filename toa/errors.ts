// The errors of dpvs-toa: code, what the user reads, and what to do about it. A user's mistake never prints a stack.

export const ExitCode = { done: 0, refused: 1, usage: 2 } as const;

interface ErrorCard {
  readonly message: string;
  /** What the user can do; empty when the message says it all. */
  readonly suggestion: string;
}

export const errorTable = {
  not_root: { message: 'loading BPF programs needs root', suggestion: 'run it with sudo' },
  kernel_too_old: {
    message: 'this kernel is too old',
    suggestion: '5.10 is the first with TCP option callbacks and getpeername hooks; toa.ko is for the older ones',
  },
  kernel_config: { message: 'this kernel was built without', suggestion: 'boot a kernel that has these options' },
  no_bpftool: { message: 'bpftool is not installed', suggestion: 'apt install bpftool (RHEL: dnf install bpftool)' },
  no_object: { message: 'the BPF programs are not built', suggestion: 'make -C toa (needs clang and libbpf-dev)' },
  no_cgroup2: {
    message: 'no cgroup2 file system, and it could not be mounted',
    suggestion: 'mount -t cgroup2 none /sys/fs/cgroup (or another directory)',
  },
  no_cgroup: { message: 'no such cgroup', suggestion: 'give a directory of the cgroup2 file system, auto or self' },
  cgroup_refused: { message: 'cannot make a cgroup', suggestion: 'give an existing one with --cgroup PATH' },
  mount_failed: { message: 'cannot mount', suggestion: 'CAP_SYS_ADMIN is needed' },
  pin_refused: { message: 'cannot pin', suggestion: 'the directory must be in a bpf file system, as /sys/fs/bpf is' },
  load_failed: {
    message: 'the kernel refused the BPF programs',
    suggestion: 'the reason is above; dpvs-toa needs BPF socket storage, sock_ops and getpeername hooks',
  },
  attach_failed: {
    message: 'the kernel refused to attach',
    suggestion: 'a program attached above without the multi flag forbids others: bpftool cgroup tree shows it',
  },
  bpftool_failed: { message: 'bpftool failed', suggestion: '' },
  bpftool_output: { message: 'bpftool printed something unexpected', suggestion: 'report its version and the text' },
  bad_prefix: { message: 'not an address prefix', suggestion: 'write 192.168.100.0/24, 2001:db8::/32 or any' },
  too_many_prefixes: { message: 'too many trusted prefixes', suggestion: 'aggregate them: 256 is the limit' },
  usage: { message: 'usage', suggestion: 'dpvs-toa --help' },
} as const satisfies Record<string, ErrorCard>;

export type ErrorCode = keyof typeof errorTable;

/** An error with a card of the table; `detail` names the thing at fault. */
export class ToaError extends Error {
  override readonly name = 'ToaError';

  constructor(
    readonly code: ErrorCode,
    readonly detail = '',
  ) {
    super(detail === '' ? errorTable[code].message : `${errorTable[code].message}: ${detail}`);
  }

  get exit(): number {
    return this.code === 'usage' || this.code === 'bad_prefix' ? ExitCode.usage : ExitCode.refused;
  }

  get suggestion(): string {
    return errorTable[this.code].suggestion;
  }
}
