// Writes docs/dpvs.conf.md from the grammar of dpvs.conf. A test checks that the file is current.
import { writeFileSync } from 'node:fs';
import { configManual } from '../dataplane/config/index.js';

writeFileSync('docs/dpvs.conf.md', configManual());
