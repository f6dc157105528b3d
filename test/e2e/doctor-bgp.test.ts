// `dpvs-route doctor` with real zebra and bgpd on both ends of a link, and the bridge: each test breaks one thing of BGP.
import t from 'tap';
import { eventually } from '../../lab/index.js';
import { bgpSceneOf, diagnosisOf, idsOf } from './routing/bgp-doctor.js';
import { type Diagnosis, lacking } from './routing/doctor-scene.js';

const skip = await lacking('bgp');
t.setTimeout(470_000);
t.jobs = 4;
const node = 'router bgp 65001';
const peer = 'neighbor 172.31.7.1';
const atSwitch = 'router bgp 65000';
const atNode = 'neighbor 172.31.7.2';
const timers = (who: string) => [`${who} timers 1 3`, `${who} timers connect 1`];
const activate6 = (who: string) => ['address-family ipv6 unicast', `${who} activate`];

interface Break {
  readonly what: string;
  readonly breakIt?: readonly string[];
  readonly onNode?: readonly string[];
  readonly mendIt?: readonly string[];
  readonly mendNode?: readonly string[];
  readonly finding: string;
  readonly evidence: RegExp;
}

const refused: readonly Break[] = [
  {
    what: 'the peer is of another AS than is expected here',
    onNode: [node, `${peer} remote-as 65009`],
    mendNode: [node, `${peer} remote-as 65000`],
    finding: 'bgp-as-mismatch',
    evidence: /the last NOTIFICATION, to 172\.31\.7\.1: OPEN Message Error\/Bad Peer AS/,
  },
  {
    what: 'the peer expects another AS',
    breakIt: [atSwitch, `${atNode} remote-as 65009`],
    mendIt: [atSwitch, `${atNode} remote-as 65001`],
    finding: 'bgp-as-mismatch',
    evidence: /the last NOTIFICATION, of 172\.31\.7\.1: OPEN Message Error\/Bad Peer AS/,
  },
  {
    what: 'shut down here',
    onNode: [node, `${peer} shutdown`],
    mendNode: [node, `no ${peer} shutdown`],
    finding: 'bgp-shutdown',
    evidence: /administratively shut down/,
  },
  {
    what: 'shut down there',
    breakIt: [atSwitch, `${atNode} shutdown`],
    mendIt: [atSwitch, `no ${atNode} shutdown`],
    finding: 'bgp-shutdown',
    evidence: /the last NOTIFICATION, of 172\.31\.7\.1: Cease\/Administrative(ly)? Shutdown/,
  },
  {
    what: 'the switch does not know the node',
    breakIt: [atSwitch, `no ${atNode}`],
    mendIt: [atSwitch, `${atNode} remote-as 65001`, ...timers(atNode), ...activate6(atNode)],
    finding: 'bgp-not-known-there',
    evidence: /the last NOTIFICATION, of 172\.31\.7\.1: Cease/,
  },
  {
    what: 'the switch wants a longer hold time',
    breakIt: [atSwitch, 'bgp minimum-holdtime 60'],
    mendIt: [atSwitch, 'no bgp minimum-holdtime'],
    finding: 'bgp-hold-time',
    evidence: /the last NOTIFICATION, of 172\.31\.7\.1: OPEN Message Error\/Unacceptable Hold Time/,
  },
  {
    what: 'no address family in common',
    breakIt: [atSwitch, 'address-family ipv4 unicast', `no ${atNode} activate`],
    onNode: [node, 'address-family ipv6 unicast', `no ${peer} activate`],
    mendIt: [atSwitch, 'address-family ipv4 unicast', `${atNode} activate`],
    mendNode: [node, ...activate6(peer)],
    finding: 'bgp-capability',
    evidence:
      /the last NOTIFICATION, (of|to) 172\.31\.7\.1: OPEN Message Error\/Unsupported Capability; .* here: ipv4 unicast$/,
  },
  {
    // FRR takes a peer of another AS with its own router id (RFC 6286), and refuses one of its own AS.
    what: 'a switch of the same AS, with the same router id',
    breakIt: [`no ${atSwitch}`, node, 'bgp router-id 10.0.0.2', `${atNode} remote-as 65001`, ...timers(atNode)],
    onNode: [node, `${peer} remote-as 65001`],
    mendIt: [node, 'bgp router-id 10.0.0.1'],
    finding: 'bgp-duplicate-router-id',
    evidence: /the last NOTIFICATION, (of|to) 172\.31\.7\.1: OPEN Message Error\/Bad BGP Identifier/,
  },
];

const dropped: readonly Break[] = [
  {
    what: 'a password there only',
    breakIt: [atSwitch, `${atNode} password secret`],
    mendIt: [atSwitch, `no ${atNode} password`],
    finding: 'bgp-password-mismatch',
    evidence: /\d+ with a signature that is not expected; no password is configured here/,
  },
  {
    what: 'a password here only',
    onNode: [node, `${peer} password other-one`],
    mendNode: [node, `no ${peer} password`],
    finding: 'bgp-password-mismatch',
    evidence: /\d+ segments without a signature; a password is configured here/,
  },
  {
    what: 'passwords that differ',
    breakIt: [atSwitch, `${atNode} password secret`],
    onNode: [node, `${peer} password other-one`],
    mendIt: [atSwitch, `no ${atNode} password`],
    mendNode: [node, `no ${peer} password`],
    finding: 'bgp-password-mismatch',
    evidence: /\d+ with a wrong signature; a password is configured here/,
  },
  {
    what: 'ttl-security here, multihop there',
    breakIt: [atSwitch, `${atNode} ebgp-multihop 2`],
    onNode: [node, `${peer} ttl-security hops 1`],
    mendIt: [atSwitch, `no ${atNode} ebgp-multihop`],
    mendNode: [node, `no ${peer} ttl-security hops 1`],
    finding: 'bgp-ttl-mismatch',
    evidence: /\d+ below the TTL that ttl-security asks for/,
  },
];

for (const [what, breaks] of [
  ['what a peer refuses', refused],
  ['what TCP drops', dropped],
] as const)
  t.test(what, { skip, buffered: true }, async (t) => {
    const doctor = await bgpSceneOf(t);
    await t.test('a sound node has no errors, and no ospfd is missed', async (t) => {
      const { code, errors, warnings, report } = await doctor.diagnose();
      t.same({ code, errors, warnings }, { code: 0, errors: [], warnings: [] });
      t.equal(report.checks.find(({ id }) => id === 'bgp-not-established')?.outcome, 'ok');
      t.notOk(report.checks.some(({ id }) => id.startsWith('ospf')));
    });
    for (const { what, breakIt, onNode, mendIt, mendNode, finding, evidence } of breaks)
      await t.test(what, async (t) => {
        if (breakIt !== undefined) await doctor.onSwitch(...breakIt);
        if (onNode !== undefined) await doctor.onNode('bgpd', ...onNode);
        // Some settings count for new sessions only.
        if (breaks === refused) await doctor.scene.nodeFrr.show('bgpd', 'clear bgp *');
        // What TCP drops has to happen while doctor looks; what a peer refused, bgpd remembers.
        const seen = await eventually<Diagnosis>(
          `doctor finds ${finding}`,
          () => doctor.diagnose('--listen', breaks === dropped ? '2' : '0'),
          (each) => each.errors.includes(finding) && evidence.test(each.evidence(finding)),
          { timeoutMs: 30_000 },
        );
        t.same(
          { errors: seen.errors, warnings: seen.warnings },
          { errors: [finding, 'bgp-not-established'].sort(), warnings: [] },
        );
        t.notMatch(JSON.stringify(seen.report), /secret|other-one/, 'passwords are not shown');
        if (mendIt !== undefined) await doctor.onSwitch(...mendIt);
        if (mendNode !== undefined) await doctor.onNode('bgpd', ...mendNode);
        // Its pauses between attempts grow otherwise.
        await doctor.scene.nodeFrr.show('bgpd', 'clear bgp *');
        await doctor.neighbourBecomes(/^Established$/, 30_000);
      });
  });

t.test('the way to a peer', { skip, buffered: true }, async (t) => {
  const doctor = await bgpSceneOf(t);
  const { scene } = doctor;
  const diagnose = () => diagnosisOf(doctor);
  const ids = () => idsOf(doctor);

  await t.test('a second peer, to which there is no route', async (t) => {
    await doctor.onNode('bgpd', node, 'neighbor 10.9.9.9 remote-as 65000');
    t.same(await ids(), { errors: [], warnings: ['bgp-no-route', 'bgp-not-established'] });
    await scene.ip('route', 'add', 'default', 'via', '172.31.7.1');
    const seen = await diagnose();
    t.same(seen.warnings, ['bgp-no-route', 'bgp-not-established']);
    t.match(seen.evidence('bgp-no-route'), /only the default route leads there/);
    await scene.ip('route', 'del', 'default');
  });
  await t.test('a route, but it is on no link', async (t) => {
    await scene.ip('route', 'add', '10.9.9.9', 'via', '172.31.7.1');
    t.same(await ids(), { errors: [], warnings: ['bgp-not-established', 'bgp-not-on-link'] });
    await doctor.onNode('bgpd', node, 'no neighbor 10.9.9.9');
  });
});
