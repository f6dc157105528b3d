// keepalived.conf: what is read of it, and what is said of what is not. Golden messages: UPDATE_GOLDEN=1 writes them anew.
import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { DpvsError } from '../../api/index.js';
import type { FileReader } from '../../keepalived/files.js';
import { type Diagnostic, parseKeepalived, renderDiagnostic } from '../../keepalived/index.js';
import type { CheckSpec, KeepalivedConfig } from '../../keepalived/model.js';
import { renderVrrp } from '../../keepalived/vrrp-config.js';

const noEntry = (): never => {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
};

const reader = (files: Readonly<Record<string, string>>): FileReader => ({
  read: (path) => files[path] ?? noEntry(),
  list: (directory) =>
    Object.keys(files).flatMap((path) => (path.startsWith(`${directory}/`) ? [path.slice(directory.length + 1)] : [])),
});

function parse(text: string, more: Readonly<Record<string, string>> = {}): KeepalivedConfig {
  const { config, diagnostics } = parseKeepalived('/etc/k.conf', reader({ '/etc/k.conf': text, ...more }));
  if (config === null) throw new Error(diagnostics.map(renderDiagnostic).join('\n'));
  return config;
}

const faultsOf = (text: string, more: Readonly<Record<string, string>> = {}): string[] =>
  parseKeepalived('/etc/k.conf', reader({ '/etc/k.conf': text, ...more })).diagnostics.map(
    ({ severity, at, message }: Diagnostic) => `${at.file}:${at.line} ${severity} ${message}`,
  );

/** A virtual server around the lines of its only real server. */
const around = (lines: string, keys = ''): string => `
local_address_group lips {
  192.168.100.200-201 dpdk0
}
virtual_server 10.0.0.1 80 {
  lb_algo wrr
  lb_kind FNAT
  protocol TCP
  laddr_group_name lips
  ${keys}
  real_server 192.168.100.2 8080 {
    ${lines}
  }
}`;

const checkOf = (lines: string, keys = ''): CheckSpec => {
  const [check] = parse(around(lines, keys)).virtualServers[0]?.realServers[0]?.checks ?? [];
  if (check === undefined) throw new Error('no check');
  return check;
};

t.test('the sample is good, and is what the tutorial of DPVS sets up', (t) => {
  const { config, diagnostics } = parseKeepalived('conf/keepalived.conf.sample');
  t.same(diagnostics, []);
  const [web, ...others] = config?.virtualServers ?? [];
  t.same(others, []);
  t.match(web, {
    name: 'group web',
    services: [{ protocol: 'tcp', address: '192.168.100.254', port: 80 }],
    scheduler: 'rr',
    quorum: 1,
    localAddresses: [
      { address: '192.168.100.200', device: 'dpdk0' },
      { address: '192.168.100.201', device: 'dpdk0' },
    ],
    realServers: [
      {
        ...{ address: '192.168.100.2', port: 80, forwarding: 'FullNat', weight: 100, inhibit: true },
        checks: [{ kind: 'TCP_CHECK', retry: 2, connectTimeoutMs: 3_000, delayLoopMs: 3_000, target: { port: 80 } }],
      },
      { address: '192.168.100.3', checks: [{ kind: 'HTTP_GET', urls: [{ path: '/', statusCodes: [[200, 200]] }] }] },
    ],
  });
  t.equal(config?.vrrp.length, 1);
  t.end();
});

t.test('every message of a file that is wrong everywhere', (t) => {
  const directory = 'test/unit/golden/keepalived';
  const { config, diagnostics } = parseKeepalived(`${directory}/faults.conf`);
  t.equal(config, null);
  const text = `${diagnostics.map(renderDiagnostic).join('\n')}\n`.replaceAll(`${directory}/`, '');
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(`${directory}/faults.txt`, text);
  t.equal(text, readFileSync(`${directory}/faults.txt`, 'utf8'));
  t.end();
});

t.test('a check takes from its server, and the server from its virtual server', (t) => {
  t.match(checkOf('TCP_CHECK {\n}'), {
    ...{ delayLoopMs: 60_000, warmupMs: 60_000, retry: 1, delayBeforeRetryMs: 1_000, connectTimeoutMs: 5_000 },
    ...{ alpha: false, target: { address: '192.168.100.2', port: 8080, bindAddress: null, bindPort: null } },
  });
  const keys = 'delay_loop 10\nalpha\nretry 5\nconnect_timeout 2.5\nwarmup 0';
  t.match(checkOf('TCP_CHECK {\n}', keys), {
    delayLoopMs: 10_000,
    warmupMs: 0,
    alpha: true,
    retry: 5,
    connectTimeoutMs: 2_500,
  });
  t.match(checkOf('retry 4\ndelay_loop 7\nTCP_CHECK {\n retry 3\n}', keys), { retry: 3, delayLoopMs: 7_000 });
  t.match(checkOf('HTTP_GET {\n url {\n path /\n }\n}'), { retry: 1, delayBeforeRetryMs: 3_000 }, 'HTTP waits longer');
  t.match(checkOf('MISC_CHECK {\n misc_path "/bin/true"\n}', 'delay_loop 9'), { retry: 0, timeoutMs: 9_000 });
  t.match(checkOf('TCP_CHECK {\n connect_ip 10.9.9.9\n connect_port 81\n bindto 10.9.9.1\n bind_port 5\n}'), {
    target: { address: '10.9.9.9', port: 81, bindAddress: '10.9.9.1', bindPort: 5 },
  });
  t.end();
});

t.test('older spellings of a retry', (t) => {
  for (const key of ['nb_sock_retry', 'nb_get_retry', 'retry'])
    t.match(checkOf(`TCP_CHECK {\n ${key} 7\n}`), { retry: 7 }, key);
  t.end();
});

t.test('what each check asks', (t) => {
  t.match(
    checkOf(
      'SSL_GET {\n url {\n path status\n digest D41D8CD98F00B204E9800998ECF8427E\n status_code 200-204 301\n }\n enable_sni\n}',
      'virtualhost www.example.net',
    ),
    {
      ...{ kind: 'SSL_GET', sni: true },
      urls: [
        {
          ...{ path: '/status', digest: 'd41d8cd98f00b204e9800998ecf8427e', virtualHost: 'www.example.net' },
          statusCodes: [
            [200, 204],
            [301, 301],
          ],
        },
      ],
    },
  );
  t.match(checkOf('UDP_CHECK {\n payload "are you there"\n require_reply yes\n min_reply_length 3\n}'), {
    ...{ payload: 'are you there', reply: { begins: 'yes', minLength: 3, maxLength: 255 } },
  });
  t.match(checkOf('MISC_CHECK {\n misc_path "/usr/bin/check arg; true"\n misc_dynamic\n user nobody\n}'), {
    ...{ dynamic: true, script: { command: '/usr/bin/check arg; true', user: 'nobody', group: null } },
  });
  t.match(checkOf("MISC_CHECK {\n misc_path /usr/bin/check 'two words' three\n}"), {
    script: { command: "/usr/bin/check 'two words' three" },
  });
  t.end();
});

t.test('groups: ranges of addresses, in any order of sections', (t) => {
  const { virtualServers } = parse(`
virtual_server group web {
  lb_kind FNAT
  protocol UDP
  lb_algo rr
  laddr_group_name l6
  real_server 2001:DB8:0::9
  {
  }
}
virtual_server_group web {
  2001:db8::fe-100 53
}
local_address_group l6 {
  2001:db8:b::1-2 dpdk0   # hexadecimal
}`);
  t.match(virtualServers[0], {
    services: ['2001:db8::fe', '2001:db8::ff', '2001:db8::100'].map((address) => ({
      protocol: 'udp',
      address,
      port: 53,
    })),
    localAddresses: [{ address: '2001:db8:b::1' }, { address: '2001:db8:b::2' }],
    realServers: [{ address: '2001:db8::9', port: null }],
  });
  t.end();
});

t.test('include: relative, by pattern, with the place of what is wrong in it', (t) => {
  const server = around('weight 1').replace('protocol TCP', 'protocol TCP\ninclude parts/quorum.conf');
  const files = { '/etc/parts/quorum.conf': 'quorum 1\nquorum_up "true"\n' };
  t.equal(parse(server, files).virtualServers[0]?.quorumUp?.command, 'true');
  const vips = { '/etc/vips/1.conf': around('weight 1'), '/etc/vips/2.txt': 'nonsense' };
  t.equal(parse('include vips/*.conf', vips).virtualServers.length, 1);
  t.same(faultsOf('include none/*.conf\n'), ['/etc/k.conf:1 warning no file matches /etc/none/*.conf']);
  t.match(faultsOf('include none.conf\n'), [/^\/etc\/k.conf:1 error \/etc\/none.conf cannot be read \(ENOENT\)$/]);
  t.match(faultsOf('include k.conf\n'), [/is included by a file that it includes/]);
  t.match(faultsOf('include a\n', { '/etc/a': 'include b', '/etc/b': '\ninclude a' }), [
    /^\/etc\/b:2 error .*includes/,
  ]);
  t.same(faultsOf('include a\n', { '/etc/a': '\nglobal_def {\n}' }), ['/etc/a:2 error unknown section "global_def"']);
  t.throws(() => parseKeepalived('/nowhere/k.conf'), DpvsError);
  t.end();
});

t.test('comments, quotes, braces on lines of their own, continued lines', (t) => {
  const { virtualServers } = parse(`! one
# two
virtual_server 10.0.0.1 80   # three
{
  lb_algo \\
    rr
  lb_kind FNAT ! four
  protocol TCP
  quorum_up "/bin/echo '#' up"
  real_server 192.168.100.2 { weight 3
  }
}`);
  t.match(virtualServers[0], {
    scheduler: 'rr',
    quorumUp: { command: "/bin/echo '#' up" },
    realServers: [{ weight: 3 }],
  });
  t.end();
});

t.test('words that every object has are words that nobody knows', (t) => {
  for (const word of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
    t.match(faultsOf(`${word} x {\n}\nglobal_defs {\n ${word} 1\n}\n${around(word)}`), [
      new RegExp(`unknown section "${word}"`),
      new RegExp(`unknown word "${word}" in global_defs`),
      new RegExp(`unknown word "${word}" in real_server`),
    ]);
  t.end();
});

t.test('VRRP: what the stock keepalived is given', (t) => {
  const text = `global_defs {
  router_id "LB 1"
  lvs_flush
  vrrp_garp_master_repeat 2
}
vrrp_script chk {
  script "/usr/bin/dpip status"
  interval 2
}
vrrp_instance lan {
  interface dpdk0.kni
  dpdk_interface dpdk0
  virtual_ipaddress {
    192.168.100.254
    10.0.0.1/24 dev dpdk1
  }
}
vrrp_instance wan {
  interface eth0
  dpdk_interface dpdk1
  virtual_ipaddress {
    10.0.0.9
  }
  virtual_routes {
    default via 10.0.0.254 dev dpdk1
  }
}`;
  const [, ...lines] = renderVrrp(parse(text)).split('\n');
  t.same(
    lines.map((line) => line.trim()).filter((line) => line !== ''),
    [
      ...['global_defs {', 'router_id "LB 1"', 'vrrp_garp_master_repeat 2', '}'],
      ...['vrrp_script chk {', 'script "/usr/bin/dpip status"', 'interval 2', '}'],
      ...['vrrp_instance lan {', 'interface dpdk0.kni', 'virtual_ipaddress {'],
      ...['192.168.100.254', '10.0.0.1/24 dev dpdk1.kni', '}', '}'],
      ...['vrrp_instance wan {', 'interface eth0', 'virtual_ipaddress {', '10.0.0.9 dev dpdk1.kni', '}'],
      ...['virtual_routes {', 'default via 10.0.0.254 dev dpdk1.kni', '}', '}'],
    ],
  );
  t.end();
});

t.test('VRRP: a word in quotes that holds the other kind keeps its own', (t) => {
  const script = `/bin/sh -c "touch x"`;
  const text = `vrrp_instance a {\n interface eth0\n notify_master '${script}'\n notify_backup "it's"\n virtual_ipaddress {\n 10.0.0.1\n }\n}`;
  const rendered = renderVrrp(parse(text));
  t.match(rendered, `notify_master '${script}'`);
  t.match(rendered, `notify_backup "it's"`);
  t.end();
});
