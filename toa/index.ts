// TOA on a real server: BPF programs attached to a cgroup show the client's address to an unmodified server. Here live the
// programs (bpf/), their loading through bpftool and the command dpvs-toa. Not here: inserting the option, which is the node's.
export { type AttachRequest, type AttachResult, attach, detach, unpin } from './attach.js';
export { failureText, parseCgroup, parseCounters, parseKeys, parseProgram, parseTree } from './bpftool.js';
export { findCgroup, makeRunCgroup, ownCgroup, sweepOwnRunCgroups } from './cgroup.js';
export { type ErrorCode, ExitCode, errorTable, ToaError } from './errors.js';
export { cgroup2Root, fileSystemOf, type Mount, parseMounts, reachableMounts } from './mounts.js';
export { prefixKey, prefixText } from './prefix.js';
export { checkMachine, defaultObject, isOldKernel, missingOptions } from './preflight.js';
export { attachedTo } from './programs.js';
export { type AttachmentStatus, counterMeanings, status, statusText } from './status.js';
