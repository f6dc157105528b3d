// The test codec's public door: build packets right or wrong, take them apart, check them, describe them. Shares no code with the dataplane.
export * from './builder.js';
export * from './bytes.js';
export * from './checksum.js';
export * from './describe.js';
export * from './dissect.js';
export type { ArpPacket, Ip4Header, Ip6Header } from './dissect-l3.js';
export type { IcmpMessage, TcpSegment, UdpDatagram } from './dissect-l4.js';
export * from './headers.js';
export * from './nd.js';
export * from './tcp-options.js';
