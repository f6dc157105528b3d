// What the bridge takes at most. Alone in its file, so that the command line need not load the rest.

/** VIPs that one node announces, and one request names. The journal is written whole each time: 9 ms for a thousand of them. */
export const mostVips = 4096;

/** Ports that one VIP is served through. A node has at most 16 that have a kni. */
export const mostPorts = 16;
