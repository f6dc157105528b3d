// The version, from the package's own file two levels above dist/cli.
import { readFileSync } from 'node:fs';

export function packageVersion(): string {
  // dist/cli/common/version.js → package.json
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
