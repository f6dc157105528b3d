// What FRR prints as JSON, read without trust: anything of another shape is empty.
import { canonicalAddress, familyOf, hostLength } from './address.js';

export type Json = Record<string, unknown>;
export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
export const object = (value: unknown): Json => (isObject(value) ? value : {});
export const string = (value: unknown): string => (typeof value === 'string' ? value : '');
export const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object) : []);

/** The address of a host route `2001:db8::1/128`; null for any other prefix. */
export function hostOf(prefix: unknown): string | null {
  const [address, length] = string(prefix).split('/');
  return length === String(hostLength(familyOf(address))) ? canonicalAddress(address) : null;
}

export function addTo<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** The objects of a text that holds one after the other; null when it is anything else. */
export function readObjects(text: string): Json[] | null {
  const found: Json[] = [];
  const strings = /"(?:[^"\\]|\\.)*"|[{}]/g;
  let [start, depth] = [0, 0];
  for (const { 0: token, index } of text.matchAll(strings)) {
    if (token === '{') depth++;
    if (token !== '}' || --depth > 0) continue;
    try {
      found.push(object(JSON.parse(text.slice(start, index + 1))));
    } catch {
      return null;
    }
    start = index + 1;
  }
  return text.slice(start).trim() === '' ? found : null;
}
