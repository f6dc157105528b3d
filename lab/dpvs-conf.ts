// The dpvs.conf of a lab node: two DPDK ports on veth ends, one worker, the reference's syntax.
import { lanPort, wanPort } from './plan.js';

export type Driver = 'af_xdp' | 'af_packet';

export interface DpvsConfOptions {
  readonly driver: Driver;
  /** Which CPU the worker polls on; the nodes of a lab take different ones. */
  readonly workerCpu: number;
  readonly controlCpu: number;
  /** The kernel's names of the ports beside the LAN's: dpdk1 and so on. */
  readonly wanPorts?: readonly string[];
}

/** A vdev string each: the index keeps the two apart, the interface is the veth's end in this namespace. */
const hardware = (driver: Driver, index: number, iface: string): string => `net_${driver}${index},iface=${iface}`;

export function dpvsConf({ driver, workerCpu, controlCpu, wanPorts = [wanPort] }: DpvsConfOptions): string {
  const ports = [lanPort, ...wanPorts];
  const device = (name: string, index: number, iface: string): string => `
    <init> device ${name} {
        hardware              ${hardware(driver, index, iface)}
        rx {
            queue_number        1
            descriptor_number   1024
            rss                 all
        }
        tx {
            queue_number        1
            descriptor_number   1024
        }
        mtu                   1500
        kni_name              ${name}.kni
    }`;
  const port = (name: string): string => `
        port ${name} {
            rx_queue_ids        0
            tx_queue_ids        0
        }`;
  return `! dpvs.conf of a lab node, written by lab/dpvs-conf.ts
global_defs {
    log_level     INFO
}

! ordinary pages: several nodes share this machine, and none should wait for hugepages that another one holds
dataplane_defs {
    huge          off
    polling       adaptive
    ! several idle workers on one CPU: a look every 0.1 ms of each would be most of what they do
    <init> idle_sleep_us 1000
    kni_driver    tap
}

netif_defs {
    <init> pktpool_size     32767
    <init> pktpool_cache    256
${ports.map((iface, index) => device(`dpdk${index}`, index, iface)).join('\n')}
}

worker_defs {
    <init> worker cpu${controlCpu} {
        type    master
        cpu_id  ${controlCpu}
    }

    <init> worker cpu${workerCpu} {
        type    slave
        cpu_id  ${workerCpu}${ports.map((_iface, index) => port(`dpdk${index}`)).join('')}
    }
}

neigh_defs {
    <init> unres_queue_length  128
    timeout                    60
}

ipvs_defs {
    conn {
        <init> conn_pool_size   65536
        conn_init_timeout       3
    }
    tcp {
        timeout {
            established   90
            syn_sent      3
            syn_recv      30
        }
    }
}
`;
}
