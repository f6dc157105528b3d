// The command dpvs-toa: reads the arguments and calls the library. `run` only prepares here; bin/dpvs-toa, a shell script,
// then becomes the server, because node cannot exec.
import { writeSync } from 'node:fs';
import yargs, { type InferredOptionTypes } from 'yargs';
import {
  attach,
  cgroup2Root,
  checkMachine,
  defaultObject,
  detach,
  ExitCode,
  findCgroup,
  makeRunCgroup,
  prefixKey,
  status,
  statusText,
  sweepOwnRunCgroups,
  ToaError,
  unpin,
} from './index.js';

/** Set by bin/dpvs-toa to its own pid; it reads the cgroup to move into from descriptor 3. */
const shellPid = Number(process.env.DPVS_TOA_SHELL ?? 0);
const replyDescriptor = 3;

const cgroup = {
  type: 'string',
  requiresArg: true,
  default: 'auto',
  describe: 'auto (root of cgroup2: the whole machine), self (that of the caller) or a path',
} as const;
const runCgroup = { ...cgroup, default: 'new', describe: 'new (one below that of the caller), auto, self or a path' };
const trust = {
  type: 'string',
  array: true,
  nargs: 1,
  default: ['any'] as string[],
  describe: 'believe the option only from peers in this prefix (the local addresses of the nodes); repeatable',
} as const;
const object = { type: 'string', requiresArg: true, default: defaultObject, hidden: true } as const;
const pin = { type: 'string', requiresArg: true, describe: 'also pin programs and maps here, in a bpffs' } as const;
const unpinFrom = { ...pin, describe: 'also remove what attach --pin left here' } as const;
const all = { type: 'boolean', default: false, describe: 'from every cgroup' } as const;
const json = { type: 'boolean', default: false, describe: 'for programs' } as const;

function fail(error: unknown): never {
  if (!(error instanceof ToaError)) throw error;
  console.error(`dpvs-toa: ${error.message}`);
  if (error.suggestion !== '') console.error(`  ${error.suggestion}`);
  process.exit(error.exit);
}

function guarded<Args>(handler: (args: Args) => void): (args: Args) => void {
  return (args) => {
    try {
      handler(args);
    } catch (error) {
      fail(error);
    }
  };
}

const attachOptions = { cgroup, trust, pin, object };
const runAttach = guarded((args: InferredOptionTypes<typeof attachOptions>) => {
  args.trust.forEach(prefixKey);
  checkMachine();
  const directory = findCgroup(args.cgroup, cgroup2Root());
  const result = attach({ cgroup: directory, trust: args.trust, object: args.object, pin: args.pin });
  console.log(result === 'unchanged' ? `already attached to ${directory}` : `${result} on ${directory}`);
});

const runOptions = { cgroup: runCgroup, trust, object };
const runServer = guarded((args: InferredOptionTypes<typeof runOptions> & { '--'?: unknown }) => {
  args.trust.forEach(prefixKey);
  if (!Array.isArray(args['--']) || args['--'].length === 0) throw new ToaError('usage', 'run needs -- COMMAND');
  if (shellPid === 0) throw new ToaError('usage', 'run works through bin/dpvs-toa only');
  checkMachine();
  const root = cgroup2Root();
  const directory = args.cgroup === 'new' ? makeRunCgroup(root, shellPid) : findCgroup(args.cgroup, root);
  attach({ cgroup: directory, trust: args.trust, object: args.object });
  writeSync(replyDescriptor, directory);
});

const detachOptions = { cgroup, all, pin: unpinFrom };
const runDetach = guarded((args: InferredOptionTypes<typeof detachOptions>) => {
  checkMachine();
  const root = cgroup2Root();
  const directories = args.all ? status(root).map((entry) => entry.cgroup) : [findCgroup(args.cgroup, root)];
  for (const one of directories) console.log(`${detach(one) ? 'detached from' : 'nothing attached to'} ${one}`);
  if (args.pin !== undefined) unpin(args.pin);
  sweepOwnRunCgroups(root);
});

const statusOptions = { json };
const runStatus = guarded((args: InferredOptionTypes<typeof statusOptions>) => {
  checkMachine();
  const attachments = status(cgroup2Root());
  console.log(args.json ? JSON.stringify(attachments, null, 2) : statusText(attachments));
});

await yargs(process.argv.slice(2))
  .scriptName('dpvs-toa')
  .usage(
    "$0 COMMAND\n\nShows servers the client's address from TCP option 254 (TOA), by BPF instead of a kernel module.",
  )
  .parserConfiguration({ 'populate--': true, 'camel-case-expansion': false })
  .command('attach', 'attach to the servers of a cgroup; new connections only', attachOptions, runAttach)
  .command(
    'run',
    'run COMMAND in a cgroup of its own with TOA: dpvs-toa run [OPTIONS] -- COMMAND ARG...',
    runOptions,
    runServer,
  )
  .command('detach', 'detach again; established connections then show the node', detachOptions, runDetach)
  .command('status', 'where it is attached, how many sockets are known, counters', statusOptions, runStatus)
  .demandCommand(1, 'a command is needed')
  .strict()
  .version(false)
  .help()
  .alias('help', 'h')
  .fail((message, error) => {
    // yargs throws its own YError for an option without its value: the user's mistake as well.
    if (error && error.name !== 'YError') throw error;
    console.error(`dpvs-toa: ${message}\n  dpvs-toa --help`);
    process.exit(ExitCode.usage);
  })
  .parseAsync();
