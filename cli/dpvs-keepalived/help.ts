// dpvs-keepalived's help page.
import { renderHelp } from '../common/index.js';
import { options } from './options.js';

export const helpPage = (width: number): Promise<string> =>
  renderHelp(
    'dpvs-keepalived',
    {
      usage: [
        'dpvs-keepalived [-f FILE] [--check | --dry-run] [OPTIONS]',
        'dpvs-keepalived status [--json]',
        '',
        "Services, real servers and their health checks from DPVS's keepalived.conf; VRRP by the stock keepalived. It stays in the",
        'foreground. SIGHUP reads the file again and changes what is different; SIGTERM removes the services of the file.',
      ].join('\n'),
      options,
      examples: [
        ['dpvs-keepalived --check -f keepalived.conf', 'what is wrong in it, and what is not served'],
        ['dpvs-keepalived --dry-run -f keepalived.conf', 'what would be changed'],
        ['dpvs-keepalived -f keepalived.conf -I', 'a restart disturbs nothing'],
        ['dpvs-keepalived status', 'each check with its last result'],
      ],
      epilogue:
        'Exit codes: 0 done, 1 refused, 2 usage or errors in the file, 3 dataplane or dpvs-keepalived unreachable.',
    },
    width,
  );
