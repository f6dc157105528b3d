// The MTU that routers name in their database descriptions, and adjacencies that do not get beyond them: alike in OSPFv2 and OSPFv3.

interface Heard {
  readonly packet: { readonly routerId: string; readonly description: { readonly mtu: number } | null };
}

/** Router ids with the MTU that each named last, where it is not ours; 0, of a virtual link, says nothing. */
export function otherMtus(heard: readonly Heard[], own: number): [routerId: string, mtu: number][] {
  const named = new Map(
    heard.flatMap(({ packet: { routerId, description } }) =>
      description === null ? [] : [[routerId, description.mtu] as const],
    ),
  );
  return [...named].filter(([, mtu]) => mtu !== 0 && mtu !== own);
}

export const isStuck = ({ state }: { readonly state: string }): boolean => /^(ExStart|Exchange)/.test(state);
