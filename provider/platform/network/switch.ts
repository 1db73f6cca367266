/**
 * The switch of one private network: one port per network card. It learns nothing, because it knows every guest's address beforehand.
 *
 * ```text
 * guest's card ── stream ──┐                    ┌── stream ── another guest's card
 *                          ├── Switch (daemon) ─┤
 * user network ── stream ──┘                    └── stream ── its user network
 * ```
 *
 * A VM's user network leads to the internet, and published ports come in through it, over the guest's first card. It is in the same QEMU
 * process, so a new daemon finds both where the last one left them. What goes where, `forwarding.ts` decides.
 */
import { decideForwarding, decideParked, type NetworkView } from "./forwarding";
import type { FrameStream } from "./frameStream";
import type { Frame } from "./frames";
import type { Ipv4 } from "../../base/ipv4";

/** Keeps a frame whose receiver cannot take it yet. Returns true if it did. */
export type KeepFrame = (receiver: Ipv4, frame: Frame, wakes: boolean) => boolean;

/** A network card of a VM, and the VM's user network if the card leads there. */
export interface SwitchPort {
  readonly card: FrameStream;
  readonly uplink: FrameStream | undefined;
}

/** Connects the guests of one network. */
export class Switch {
  readonly #cards = new Map<Ipv4, FrameStream>();
  readonly #keep: KeepFrame;

  constructor(keep: KeepFrame) {
    this.#keep = keep;
  }

  /** Connects the card of `view.sender`, and disconnects an earlier one with the same address. */
  plug(view: NetworkView, port: SwitchPort): void {
    const { card, uplink } = port;
    this.#cards.get(view.sender)?.onFrames(() => undefined);
    this.#cards.set(view.sender, card);
    card.onFrames((frames) => {
      for (const frame of frames) this.#forward(frame, view, port);
    });
    if (uplink !== undefined) sendAll(uplink, card);
  }

  /** Disconnects a card, unless another one has its address by now. */
  unplug(address: Ipv4, card: FrameStream): void {
    if (this.#cards.get(address) === card) this.#cards.delete(address);
  }

  /** Sends a frame to a guest; it is lost if the guest has no VM. */
  send(receiver: Ipv4, frame: Frame): void {
    this.#cards.get(receiver)?.send(frame);
  }

  #forward(frame: Frame, view: NetworkView, { card, uplink }: SwitchPort): void {
    const forwarding = decideForwarding(frame, view);
    switch (forwarding.to) {
      case "nobody":
        return;
      case "uplink":
        return uplink?.send(frame);
      case "sender":
        return card.send(forwarding.frame);
      case "guest":
        if (!this.#keep(forwarding.address, frame, forwarding.wakes)) this.send(forwarding.address, frame);
    }
  }
}

/** Connects a card to its user network alone, over which the platform itself reaches the guest. {@link Switch.plug} ends that. */
export function park(view: Pick<NetworkView, "layout" | "sender">, card: FrameStream, uplink: FrameStream): void {
  card.onFrames((frames) => {
    for (const frame of frames) if (decideParked(frame, view).to === "uplink") uplink.send(frame);
  });
  sendAll(uplink, card);
}

/** Frames from the user network must not be lost: QEMU's TCP does not repeat what it has sent. */
function sendAll(uplink: FrameStream, card: FrameStream): void {
  uplink.onFrames((frames) => {
    for (const frame of frames) card.send(frame);
    if (card.isFull) uplink.pause();
  });
  card.onDrain(() => uplink.resume());
}
