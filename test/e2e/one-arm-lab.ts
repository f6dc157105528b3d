// One LAN with everybody on it: a client, two real servers, and a node with one port, as conf/dpvs.conf.single-nic.sample has it. For the
// tests of one-arm FullNAT and direct routing.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type t from 'tap';
import type { ServiceInfo } from '../../api/index.js';
import { Client } from '../../lab/client.js';
import {
  eventually,
  Hopeless,
  must,
  type NodeApi,
  postWarden,
  RunState,
  run,
  startDaemon,
  teardown,
} from '../../lab/index.js';
import { program, projectDirectory } from '../../lab/paths.js';
import { udpProgram } from '../../lab/udp.js';
import { asOnAWire, NodeProcess } from './node-process.js';

export const client = { address: '192.168.100.46', address6: '2001:db8:b::46' } as const;
export const realServers = [
  { name: 'rs1', address: '192.168.100.2', address6: '2001:db8:b::2' },
  { name: 'rs2', address: '192.168.100.3', address6: '2001:db8:b::3' },
] as const;
type Server = (typeof realServers)[number];
const members = ['lan', 'client', 'node', ...realServers.map(({ name }) => name)] as const;
type Member = (typeof members)[number];

/** The node's port, kernel's name. */
const port = 'lan0';

export class OneArmLab {
  readonly state = RunState.create({});
  readonly client = new Client(this.state);
  readonly #node = new NodeProcess(this.state);

  static async up(test: Pick<typeof t, 'teardown' | 'passing'>): Promise<OneArmLab> {
    const lab = new OneArmLab();
    postWarden(lab.state.prefix);
    test.teardown(async () => {
      if (!test.passing()) process.stderr.write(`${lab.#node.log}\n`);
      await teardown(lab.state);
    });
    await lab.#cable();
    await lab.#startNode();
    await Promise.all(realServers.map((server) => lab.#startNginx(server)));
    return lab;
  }

  at(member: Member): { namespace: string } {
    return { namespace: this.state.namespace(member) };
  }

  /** `./dpip addr add …`, a line of the tutorial. @returns what it printed; @throws {LabError} when it is refused */
  line(command: string): Promise<string> {
    const [name, ...args] = command.split(' ');
    const file = program((name ?? '').replace('./', '') as Parameters<typeof program>[0]);
    return must([file, ...args], { ...this.at('node'), env: this.#node.env });
  }

  /** As `line`, one after the other. */
  async script(lines: readonly string[]): Promise<void> {
    for (const each of lines) await this.line(each);
  }

  async restore(lines: string): Promise<void> {
    await must([program('ipvsadm'), '-R'], { ...this.at('node'), env: this.#node.env, input: lines });
  }

  get api(): NodeApi {
    return this.#node.api;
  }

  async service(protocol: 'tcp' | 'udp', address: string): Promise<ServiceInfo> {
    const all = await this.api.dataplane('service.list', {});
    const found = all.find(({ service }) => service.protocol === protocol && service.address === address);
    if (found === undefined) throw new Error(`no service ${protocol} ${address}`);
    return found;
  }

  /** A UDP service on every real server that answers from the address it is asked at. */
  async serveUdp(address: string, udpPort: number): Promise<void> {
    for (const { name } of realServers) {
      const argv = [process.execPath, udpProgram, 'serve', name, String(udpPort), address];
      const six = address.includes(':') ? '6' : '4';
      await startDaemon(this.state, { member: name, what: `udp${six}`, argv });
      await eventually(
        `${name} listens on UDP`,
        async () => (await run(['ss', '-Hlun', `sport = :${udpPort}`], this.at(name))).stdout,
        (seen) => seen.includes(address),
      );
    }
  }

  offerFile(server: Server, name: string, content: Buffer): void {
    const directory = join(this.state.directory, server.name, 'files');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, name), content);
  }

  async #cable(): Promise<void> {
    for (const member of members) {
      const { namespace } = this.at(member);
      this.state.add('namespaces', namespace);
      await must(['ip', 'netns', 'add', namespace]);
    }
    // No IPv6 chatter of the bridge and of the port that is the dataplane's.
    for (const member of ['lan', 'node'] as const)
      await must(['sysctl', '-q', '-w', 'net.ipv6.conf.default.disable_ipv6=1'], this.at(member));
    const hosts = members.filter((member) => member !== 'lan');
    const nameOf = (member: Member): string => (member === 'node' ? port : 'eth0');
    const batch = (member: Member, lines: readonly string[]) =>
      must(['ip', '-batch', '-'], { ...this.at(member), input: `${lines.join('\n')}\n` });
    await must(['ip', 'link', 'add', 'br0', 'type', 'bridge'], this.at('lan'));
    for (const member of hosts) {
      await batch(member, [
        `link add ${nameOf(member)} type veth peer name ${member} netns ${this.state.namespace('lan')}`,
        ...['link set lo up', `link set ${nameOf(member)} up`],
      ]);
      await batch('lan', [`link set ${member} master br0`, `link set ${member} up`]);
      await asOnAWire(this.at(member).namespace, nameOf(member));
      await asOnAWire(this.at('lan').namespace, member);
    }
    await batch('lan', ['link set br0 up']);
    for (const [member, { address, address6 }] of [
      ['client', client] as const,
      ...realServers.map((server) => [server.name, server] as const),
    ])
      await batch(member, [`address add ${address}/24 dev eth0`, `address add ${address6}/64 dev eth0 nodad`]);
  }

  async #startNode(): Promise<void> {
    const sample = readFileSync(join(projectDirectory, 'conf/dpvs.conf.single-nic.sample'), 'utf8');
    await this.#node.start(
      sample
        .replace(/! hardware .*/, `hardware net_af_xdp0,iface=${port}`)
        .replace('netif_defs {', 'dataplane_defs {\n    huge off\n}\n\nnetif_defs {'),
    );
  }

  async #startNginx({ name }: Server): Promise<void> {
    const directory = join(this.state.directory, name);
    mkdirSync(directory, { recursive: true });
    const file = join(directory, 'nginx.conf');
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (of) => `  ${of}_temp_path ${directory}/${of};`,
    );
    writeFileSync(
      file,
      `daemon off;
user root;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr notice;
events { worker_connections 256; }
http {
  access_log off;
${paths.join('\n')}
  server {
    listen 80;
    listen [::]:80;
    default_type text/plain;
    add_header X-Server ${name} always;
    location / { return 200 "Your ip:port : $remote_addr:$remote_port\\n"; }
    location /files/ { alias ${directory}/files/; }
  }
}
`,
    );
    const argv = ['nginx', '-c', file, '-p', directory, '-e', 'stderr'];
    const daemon = await startDaemon(this.state, { member: name, what: 'nginx', argv });
    await eventually(
      `nginx of ${name} listens`,
      async () => {
        if (!daemon.alive) throw new Hopeless(`it ended: ${daemon.logTail()}`);
        return (await run(['ss', '-Hltn', 'sport = :80'], this.at(name))).stdout;
      },
      (seen) => seen.includes('LISTEN'),
    );
  }
}
