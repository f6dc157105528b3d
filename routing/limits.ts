// What the bridge takes at most. Alone in its file, so that the command line need not load the rest.

/** VIPs that one node announces, and one request names. */
export const mostVips = 4096;
