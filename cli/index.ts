// The command lines. Here: words of the user → requests of the control API → text. Not here: anything that decides; that is the
// dataplane's and the bridge's. Each program is a main module run by bin/ (dpip.ts, ipvsadm.ts, …); nothing imports from cli/.
//   common/    option scanning, values, the connection to a node, printing, help: what every program shares
//   dpip/      addresses, routes, neighbours, links and the node itself, in iproute2's manner
//   ipvsadm/   services, real servers and local addresses, in ipvsadm's manner
//   dpvs-route/, dpvs-keepalived/   the bridge's, and keepalived.conf's
export {};
