// Where the project's own programs are, seen from the compiled lab.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError } from './errors.js';

/** The top of the project: this file runs as dist/lab/paths.js. */
export const projectDirectory = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const binDirectory = join(projectDirectory, 'bin');

export type Program = 'dpvs' | 'dpip' | 'ipvsadm' | 'dpvs-route' | 'dpvs-keepalived' | 'dpvs-toa';

export function program(name: Program): string {
  const path = join(binDirectory, name);
  if (!existsSync(path)) throw new LabError(`${path} is missing`, 'scripts/setup.sh builds everything');
  return path;
}
