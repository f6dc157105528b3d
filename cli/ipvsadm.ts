// The program ipvsadm; bin/ipvsadm starts it.
import { main } from './common/index.js';
import { ipvsadm } from './ipvsadm/index.js';

await main('', ipvsadm);
