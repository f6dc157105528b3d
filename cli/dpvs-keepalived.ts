// The program dpvs-keepalived; bin/dpvs-keepalived starts it.
import { main } from './common/index.js';
import { dpvsKeepalived } from './dpvs-keepalived/index.js';

await main('dpvs-keepalived: ', dpvsKeepalived);
