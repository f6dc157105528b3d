// The packet tests that hurt most, run again over the native library built with AddressSanitizer and UBSan.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const library = fileURLToPath(new URL('../../../native/build/libdpvs-asan.so', import.meta.url));
const beside = (name: string): string => fileURLToPath(new URL(`./${name}.test.js`, import.meta.url));
const SUBJECTS = [
  'fuzz',
  'malformed',
  'toa',
  'toa-space',
  'handshake-options',
  'icmp-related',
  'fragments',
  'exhaustion',
  'restart',
  'dest-check',
  'fullnat6',
  'malformed6',
  'icmp6',
  'nd',
  'port-own',
  'restart6',
  'dr',
  'snat',
];

/** Where the compiler keeps a runtime; preloaded because node itself is not instrumented. */
function runtime(name: string): string {
  const path = execFileSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  return path === name ? '' : path;
}

function missing(): string | false {
  if (!existsSync(library)) return 'native/build/libdpvs-asan.so is not built: make -C native asan';
  try {
    return runtime('libasan.so') === '' || runtime('libubsan.so') === '' ? 'gcc has no sanitizer runtimes' : false;
  } catch {
    return 'no gcc';
  }
}

const skip = missing();
t.setTimeout(470_000);
const env = (): NodeJS.ProcessEnv => ({
  ...process.env,
  LD_PRELOAD: `${runtime('libasan.so')}:${runtime('libubsan.so')}`,
  DPVS_NATIVE: library,
  // Leaks of V8 and DPDK at exit are theirs; the packet tests count buffers themselves.
  ASAN_OPTIONS: 'detect_leaks=0:alloc_dealloc_mismatch=0',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  TAP: undefined,
  // The instrumented code is slow; the plain fuzz has the longer run.
  FUZZ_MS: process.env.FUZZ_MS ?? '2000',
});

for (const subject of SUBJECTS) {
  void t.test(subject, { skip, timeout: 180_000 }, async (t) => {
    const run = spawnSync(process.execPath, [beside(subject)], { env: env(), encoding: 'utf8', timeout: 170_000 });
    const findings = `${run.stdout}${run.stderr}`
      .split('\n')
      .filter((line) => /runtime error|AddressSanitizer/.test(line));
    t.same(findings, [], `${basename(library)} has nothing to report`);
    t.equal(
      run.status,
      0,
      run.status === 0 ? 'the tests pass' : `${run.stdout.slice(-2000)}${run.stderr.slice(-2000)}`,
    );
  });
}
