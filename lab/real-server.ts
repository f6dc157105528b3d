// A real server: stock nginx, under dpvs-toa so that it sees the client's address, saying whom it talked to.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemon, findDaemon, logDirectory, startDaemon } from './daemon.js';
import { Hopeless } from './errors.js';
import { eventually } from './eventually.js';
import { run } from './exec.js';
import { program } from './paths.js';
import { lanNetwork, type RealServerPlan, vport } from './plan.js';
import { stopAll } from './process-ref.js';
import type { RunState } from './run-state.js';
import { udpProgram } from './udp.js';

/** The cgroup that dpvs-toa made for a server; it outlives the server, so the lab removes it. */
function toaCgroup(pid: number): string | undefined {
  const mount = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1];
  const path = /^0::(\/.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
  return mount !== undefined && path !== undefined && /\/dpvs-toa-\d+$/.test(path) ? `${mount}${path}` : undefined;
}

export class RealServer {
  readonly namespace: string;

  constructor(
    readonly state: RunState,
    readonly plan: RealServerPlan,
    /** Off: nginx sees the LIP, as it does behind a FullNAT without TOA. */
    readonly toa: boolean,
  ) {
    this.namespace = state.namespace(plan.name);
  }

  get directory(): string {
    return join(this.state.directory, this.plan.name);
  }

  async start(): Promise<Daemon> {
    mkdirSync(this.directory, { recursive: true });
    const conf = join(this.directory, 'nginx.conf');
    writeFileSync(conf, this.#nginxConf());
    const nginx = ['nginx', '-c', conf, '-p', this.directory, '-e', 'stderr'];
    // Only the LAN's own addresses, the nodes' LIPs among them, are believed when they name a client.
    return this.serve({ what: 'nginx', port: vport, argv: nginx, trust: lanNetwork });
  }

  /** A server that listens on a TCP port, under dpvs-toa where the lab has it. */
  async serve(server: { what: string; port: number; argv: readonly string[]; trust: string }): Promise<Daemon> {
    const { what, port, trust } = server;
    const argv = this.toa ? [program('dpvs-toa'), 'run', '--trust', trust, '--', ...server.argv] : server.argv;
    const daemon = await startDaemon(this.state, { member: this.plan.name, what, argv });
    await eventually(
      `${what} of ${this.plan.name} listens`,
      async () => {
        if (!daemon.alive) throw new Hopeless(`it ended: ${daemon.logTail()}`);
        return (await run(['ss', '-Hltn', `sport = :${port}`], { namespace: this.namespace })).stdout;
      },
      (seen) => seen.includes('LISTEN'),
    );
    const cgroup = toaCgroup(daemon.ref.pid);
    if (cgroup !== undefined) this.state.add('cgroups', cgroup);
    return daemon;
  }

  async stop(): Promise<void> {
    const daemon = findDaemon(this.state, this.plan.name, 'nginx');
    if (daemon !== undefined) await stopAll([daemon.ref]);
  }

  /** Besides nginx: a UDP service that says who answers. */
  serveUdp(port: number): Promise<Daemon> {
    const argv = [process.execPath, udpProgram, 'serve', this.plan.name, String(port)];
    return startDaemon(this.state, { member: this.plan.name, what: `udp-${port}`, argv });
  }

  get accessLog(): string {
    return join(logDirectory(this.state), `${this.plan.name}-access.log`);
  }

  #nginxConf(): string {
    return `daemon off;
user root;
worker_processes 1;
pid ${this.directory}/nginx.pid;
error_log stderr notice;
events { worker_connections 4096; }
http {
  log_format who '$msec $remote_addr:$remote_port $status $request';
  access_log ${this.accessLog} who;
  client_body_temp_path ${this.directory}/body;
  proxy_temp_path ${this.directory}/proxy;
  fastcgi_temp_path ${this.directory}/fastcgi;
  uwsgi_temp_path ${this.directory}/uwsgi;
  scgi_temp_path ${this.directory}/scgi;
  keepalive_timeout 600;
  keepalive_requests 1000000;
  server {
    listen ${vport} backlog=4096;
    default_type text/plain;
    add_header X-Server ${this.plan.name} always;
    location / { return 200 "Your ip:port : $remote_addr:$remote_port\\n"; }
    location /files/ { alias ${this.directory}/files/; }
  }
}
`;
  }

  /** Something to download; `/files/<name>`. */
  offerFile(name: string, content: Buffer): void {
    mkdirSync(join(this.directory, 'files'), { recursive: true });
    writeFileSync(join(this.directory, 'files', name), content);
  }
}
