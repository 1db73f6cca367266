/**
 * Source ports of the connections to one port of a guest.
 *
 * All forwards of a guest port look the same to the guest: slirp passes on the source port of a connection, not the forward. The kernel
 * gives the same source port to connections to different forwards. Slirp then takes the guest's answer to the new one for part of the
 * old one, which it remembers for some seconds after its end, so that the new one waits for as long. Here each source port
 * is used again only after all others.
 */

/** Linux's own range for outgoing connections, `net.ipv4.ip_local_port_range`. */
const [FIRST, LAST] = [32_768, 60_999];
const COUNT = LAST - FIRST + 1;

/** Hands out source ports, each once per round. One that another program uses is found out by its use. */
export class SourcePorts {
  #next = Math.floor(Math.random() * COUNT);

  /** The next port to try. */
  next(): number {
    this.#next = (this.#next + 1) % COUNT;
    return FIRST + this.#next;
  }
}
