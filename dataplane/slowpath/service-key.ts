// A service as the API names it.
import type { ServiceKey } from '../../api/index.js';
import { formatIp } from '../inet/index.js';
import { Protocol, type Service } from '../ipvs/index.js';

export const keyOf = (service: Service): ServiceKey => ({
  protocol: service.protocol === Protocol.tcp ? 'tcp' : 'udp',
  address: formatIp(service.vip),
  port: service.port,
});
