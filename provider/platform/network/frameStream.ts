/** One end of a QEMU network backend: frames over a UNIX socket, with a bounded queue. */
import * as net from "node:net";
import { encodeLength, type Frame, FrameDecoder } from "./frames";

/** Frames that wait for a guest; more are lost, as on a cable. Enough for several full TCP windows. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;

/** Frames to and from one network backend of a VM. */
export class FrameStream {
  readonly #socket: net.Socket;
  readonly #decoder = new FrameDecoder();
  #onFrames: (frames: readonly Frame[]) => void = () => undefined;
  #onDrain: () => void = () => undefined;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on("error", () => socket.destroy()); // QEMU has ended, which its owner notices by itself
    socket.on("drain", () => this.#onDrain());
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
  }

  /** Connects to the socket on which QEMU listens. Throws the socket's error. */
  static connect(path: string): Promise<FrameStream> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(path);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new FrameStream(socket));
      });
    });
  }

  /** Sets who gets the frames: all that have arrived together at once. They share memory with later ones of the stream. */
  onFrames(receive: (frames: readonly Frame[]) => void): void {
    this.#onFrames = receive;
  }

  /** Sets who is told that frames can be sent again after {@link isFull}. */
  onDrain(notify: () => void): void {
    this.#onDrain = notify;
  }

  /** True while so many frames wait that a sender who can wait should. */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Sends a frame. It is lost if too many wait already, or if QEMU has ended. */
  send(frame: Frame): void {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableLength > MAX_QUEUED_BYTES) return;
    if (socket.writableCorked === 0) {
      socket.cork(); // all frames of this turn of the event loop in one system call
      process.nextTick(() => socket.uncork());
    }
    socket.write(encodeLength(frame));
    socket.write(frame);
  }

  /** Receives no more frames until {@link resume}; QEMU keeps them. */
  pause(): void {
    this.#socket.pause();
  }

  /** Ends a {@link pause}. */
  resume(): void {
    this.#socket.resume();
  }

  /** Closes the connection. QEMU then waits for the next one. */
  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    try {
      this.#onFrames(this.#decoder.push(chunk));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#socket.destroy(); // the stream is garbage from here on
    }
  }
}

/** The ends of a VM's networks that switches are connected to. */
export interface VmLink {
  /** The guest's network cards in their order; at least one. */
  readonly cards: readonly FrameStream[];
  /** The VM's user network. */
  readonly uplink: FrameStream;
}
