// Case tables: a packet in, and the verdict on it. Each row also states that nothing else happened.
import type { Test } from 'tap';
import { type PortName, portNames } from '../support/harness.js';
import { type Dissection, dissect, equalBytes } from '../support/packet/index.js';
import { type Exchange, type Scene, tell } from '../support/scene.js';
import { type Drop, dropCounters, type Punt, puntCounters } from './reasons.js';

export type Verdict =
  /** Counted once under the reason, and nothing comes out. */
  | { readonly kind: 'drop'; readonly reason: Drop }
  /** The kernel gets it as it came (trailing padding aside), counted under the reason. */
  | { readonly kind: 'punt'; readonly to: PortName; readonly reason: Punt }
  /** This frame comes out there (trailing padding aside). */
  | { readonly kind: 'out'; readonly on: PortName; readonly frame: Uint8Array }
  /** One frame comes out there, and the function finds nothing wrong with it. */
  | { readonly kind: 'answer'; readonly on: PortName; readonly wrong: (answer: Dissection) => readonly string[] };

export const drop = (reason: Drop): Verdict => ({ kind: 'drop', reason });
export const punt = (to: PortName, reason: Punt): Verdict => ({ kind: 'punt', to, reason });
export const out = (on: PortName, frame: Uint8Array): Verdict => ({ kind: 'out', on, frame });
export const answer = (on: PortName, wrong: (answer: Dissection) => readonly string[]): Verdict => ({
  kind: 'answer',
  on,
  wrong,
});

export interface Case {
  readonly name: string;
  readonly on: PortName;
  readonly frame: Uint8Array;
  /** A list where the specification allows any of them. */
  readonly verdict: Verdict | readonly Verdict[];
}

const isList = (verdict: Verdict | readonly Verdict[]): verdict is readonly Verdict[] => Array.isArray(verdict);

export async function runCase(t: Test, scene: Scene, { name, on, frame, verdict }: Case): Promise<void> {
  const exchange = await scene.exchange(on, frame);
  const complaints = (isList(verdict) ? verdict : [verdict]).map((one) => disagree(exchange, one, frame));
  const agreed = complaints.some((list) => list.length === 0);
  if (agreed) t.pass(name);
  else t.fail(`${name}: ${complaints.map((list) => list.join(', ')).join('; or ')}`, { happened: tell(exchange) });
}

export async function runCases(t: Test, scene: Scene, cases: readonly Case[]): Promise<void> {
  for (const one of cases) await runCase(t, scene, one);
}

/** @returns what an exchange did otherwise than the verdict says; empty when it did just that. */
export function disagree(exchange: Exchange, verdict: Verdict, sent: Uint8Array): readonly string[] {
  switch (verdict.kind) {
    case 'drop':
      return [
        ...framesOtherThan(exchange, undefined),
        ...counted(exchange, dropCounters(verdict.reason)),
        ...(exchange.drops === 1 ? [] : [`${exchange.drops} drops`]),
      ];
    case 'punt': {
      const [frame] = exchange.out[verdict.to];
      const same = frame !== undefined && equalPackets(frame, sent);
      return [
        ...framesOtherThan(exchange, verdict.to),
        ...(same ? [] : ['not at the kni as it came']),
        ...counted(exchange, puntCounters(verdict.reason)),
        ...noDrops(exchange),
      ];
    }
    case 'out': {
      const [frame] = exchange.out[verdict.on];
      const same = frame !== undefined && equalPackets(frame, verdict.frame);
      return [
        ...framesOtherThan(exchange, verdict.on),
        ...(same ? [] : ['not the expected frame']),
        ...noDrops(exchange),
      ];
    }
    case 'answer': {
      const [frame] = exchange.out[verdict.on];
      const wrong = frame === undefined ? [] : [...dissect(frame).problems, ...verdict.wrong(dissect(frame))];
      return [...framesOtherThan(exchange, verdict.on), ...wrong, ...noDrops(exchange)];
    }
  }
}

/** Ethernet pads short frames: what follows the packet's own end does not count. */
export function equalPackets(a: Uint8Array, b: Uint8Array): boolean {
  const body = (bytes: Uint8Array) => bytes.subarray(0, bytes.length - dissect(bytes).trailer.length);
  return equalBytes(body(a), body(b));
}

function framesOtherThan({ out: frames }: Exchange, expected: PortName | undefined): string[] {
  return portNames.flatMap((port) => {
    const want = port === expected ? 1 : 0;
    return frames[port].length === want ? [] : [`${frames[port].length} frames out of ${port}`];
  });
}

function counted({ rises }: Exchange, counters: readonly string[]): string[] {
  const rise = counters.reduce((sum, name) => sum + (rises.get(name) ?? 0), 0);
  return rise === 1 ? [] : [`${counters.join(' or ')} rose by ${rise}`];
}

const noDrops = ({ drops }: Exchange): string[] => (drops === 0 ? [] : [`${drops} drops`]);
