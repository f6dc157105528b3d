// The program dpip; bin/dpip starts it.
import { main } from './common/index.js';
import { dpip } from './dpip/index.js';

await main('dpip: ', dpip);
