// Finds the harness's implementation over the native code. Without it (not built here) packet tests are skipped, saying so.
import { existsSync } from 'node:fs';
import type { CreateHarness } from './harness.js';

const implementation = new URL('./native-harness.js', import.meta.url);

export const harnessMissing: string | false = existsSync(implementation)
  ? false
  : 'no test/support/native-harness: packet tests need the native build';

/** @throws whatever keeps an existing implementation from loading: that is a failure, not a reason to skip. */
export async function loadCreateHarness(): Promise<CreateHarness> {
  const module = (await import(implementation.href)) as { createHarness: CreateHarness };
  return module.createHarness;
}
