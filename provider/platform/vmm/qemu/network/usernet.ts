/** Parses the output of QEMU's monitor command `info usernet`. Pure. Source: libslirp, `slirp_connection_info`. */

/** One line of the list: a forward that listens, or a connection that came through one. */
export interface UsernetEntry {
  /**
   * `HOST_FORWARD` for a listener, otherwise the TCP state of the connection to the guest: `SYN_SENT`, `ESTABLISHED`, …
   */
  readonly state: string;
  /** Port on the host; a connection has the port of the forward it came through. */
  readonly hostPort: number;
  /** QEMU's file descriptor. */
  readonly fd: number;
  readonly guestPort: number;
}

/** The TCP entries whose source is the host's loopback address. */
export function parseUsernet(text: string): UsernetEntry[] {
  return [...text.matchAll(/^\s*TCP\[(\w+)\]\s+(\d+)\s+127\.0\.0\.1\s+(\d+)\s+[\d.]+\s+(\d+)\s/gm)].map((match) => ({
    state: match[1] ?? "",
    fd: Number(match[2]),
    hostPort: Number(match[3]),
    guestPort: Number(match[4]),
  }));
}

/** The forwards that listen. */
export const parseForwards = (text: string): UsernetEntry[] =>
  parseUsernet(text).filter((entry) => entry.state === "HOST_FORWARD");

/** The connections that the guest has not accepted yet. */
export const findUnaccepted = (entries: readonly UsernetEntry[]): readonly UsernetEntry[] =>
  entries.filter(({ state }) => state === "SYN_SENT");
