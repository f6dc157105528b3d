// A stand-in for a node without any of our code: its kernel owns the VIP and answers itself. It proves the lab's own
// part of the road (links, switch, OSPF, ECMP), so that a failure with dpvs in it points at dpvs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDaemon } from './daemon.js';
import { ipBatch } from './exec.js';
import { Frr } from './frr.js';
import { type NodePlan, ospfTimers, vip, vport, wanPort } from './plan.js';
import type { RunState } from './run-state.js';
import type { OspfNetwork } from './switch.js';

export class KernelNode {
  readonly name: string;
  readonly namespace: string;
  readonly frr: Frr;

  constructor(
    readonly state: RunState,
    readonly plan: NodePlan,
    readonly ospfNetwork: OspfNetwork,
  ) {
    this.name = plan.name;
    this.namespace = state.namespace(plan.name);
    this.frr = new Frr(state, plan.name);
  }

  async start(): Promise<void> {
    await ipBatch(
      [
        `address add ${this.plan.wanAddress}/30 dev ${wanPort}`,
        `address add ${vip}/32 dev lo`,
        `route add default via ${this.plan.switchAddress}`,
      ],
      this.namespace,
    );
    await this.#startServer();
    await this.frr.writeConfig({ 'zebra.conf': `hostname ${this.name}\n`, 'ospfd.conf': this.#ospfdConf() });
    await this.frr.start();
  }

  async #startServer(): Promise<void> {
    const directory = join(this.state.directory, this.name);
    mkdirSync(directory, { recursive: true });
    const conf = join(directory, 'nginx.conf');
    const answer = 'return 200 "Your ip:port : $remote_addr:$remote_port\\n";';
    writeFileSync(
      conf,
      `daemon off;
user root;
pid ${directory}/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  server { listen ${vip}:${vport}; add_header X-Server ${this.name} always; location / { ${answer} } }
}
`,
    );
    await startDaemon(this.state, {
      member: this.name,
      what: 'nginx',
      argv: ['nginx', '-c', conf, '-p', directory, '-e', 'stderr'],
    });
  }

  #ospfdConf(): string {
    const { helloSeconds, deadSeconds } = ospfTimers;
    return `hostname ${this.name}
interface ${wanPort}
 ip ospf network ${this.ospfNetwork}
 ip ospf hello-interval ${helloSeconds}
 ip ospf dead-interval ${deadSeconds}
 ip ospf cost 10
router ospf
 ospf router-id ${this.plan.routerId}
 network ${this.plan.wanPrefix} area 0.0.0.0
 redistribute connected route-map VIPS
ip prefix-list VIPS seq 5 permit ${vip}/32
route-map VIPS permit 10
 match ip address prefix-list VIPS
`;
  }
}
