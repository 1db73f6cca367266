/** Host forwards of QEMU's user network, as the monitor command `info usernet` lists them. */

/** One line: a forward that listens, or a connection that came through one. */
export interface UsernetEntry {
  /** `HOST_FORWARD` for a listener, else the state of the connection to the guest: `SYN_SENT`, `ESTABLISHED`, … */
  readonly state: string;
  /** The host's port. Connections through a forward carry the forward's. */
  readonly hostPort: number;
  readonly guestPort: number;
}

/** The TCP lines with a host address on the left. */
export function parseUsernet(text: string): UsernetEntry[] {
  return [...text.matchAll(/^\s*TCP\[(\w+)\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+[\d.]+\s+(\d+)\s/gm)].map((match) => ({
    state: match[1] ?? "",
    hostPort: Number(match[2]),
    guestPort: Number(match[3]),
  }));
}

/** The listening forwards among them. */
export const parseForwards = (text: string): UsernetEntry[] =>
  parseUsernet(text).filter((line) => line.state === "HOST_FORWARD");
