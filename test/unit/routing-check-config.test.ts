// A file that is checked may hold keys: nobody reads it meanwhile but the daemon.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkConfig } from '../../routing/check-config.js';

t.test('the file and its directory are closed to others during the check', async (t) => {
  const directory = t.testdir({});
  const program = join(directory, 'ospfd');
  // What it says of its file looks like a complaint of a parser.
  const look = 'stat -c "%% seen: %a %G %n" "$3" "$(dirname "$3")"';
  writeFileSync(program, `#!/bin/sh\n${look}\n`);
  chmodSync(program, 0o755);
  const verdict = await checkConfig('ospfd', 'router ospf\n', 'frr', [directory]);
  t.equal(verdict.program, program);
  const seen = verdict.complaints.map((line) => /seen: (\d+) (\S+) (.*)$/.exec(line)!.slice(1));
  t.equal(seen.length, 2);
  for (const [mode, group, path] of seen) {
    t.match(mode!, /0$/, `${path} is ${mode}`);
    t.notOk(existsSync(path!), 'gone afterwards');
    if (process.getuid?.() === 0 && /^frr:/m.test(readFileSync('/etc/group', 'utf8'))) t.equal(group, 'frr');
  }
});
