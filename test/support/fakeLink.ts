/** A VM's network backends, as sockets on which a fake QEMU listens. */
import { once } from "node:events";
import * as net from "node:net";
import * as path from "node:path";
import { FrameStream, type VmLink } from "../../provider/platform/network/frameStream";

/** One backend, seen from QEMU. */
export class FakeBackend {
  /** Frames that arrived. */
  readonly received: Buffer[] = [];
  readonly #server: net.Server;
  #socket: net.Socket | undefined;
  #rest = Buffer.alloc(0);

  private constructor(server: net.Server) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.#socket = socket.on("error", () => undefined).on("data", (chunk: Buffer) => this.#read(chunk));
    });
  }

  /** Listens on a socket in the folder. Returns the backend and the daemon's end of it. */
  static async open(folder: string, name: string): Promise<readonly [FakeBackend, FrameStream]> {
    const file = path.join(folder, name);
    const server = net.createServer().listen(file);
    await once(server, "listening");
    const backend = new FakeBackend(server);
    const connected = once(server, "connection");
    const stream = await FrameStream.connect(file);
    await connected;
    return [backend, stream];
  }

  /** Sends a frame to the daemon. */
  send(frame: Buffer): void {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(frame.length);
    this.#socket?.write(Buffer.concat([length, frame]));
  }

  /** True once the daemon has everything that was sent, up to what the socket holds. */
  get isSent(): boolean {
    return this.#socket?.writableLength === 0;
  }

  /** Stops reading, like the network card of a paused VM; or reads again. */
  setReading(isReading: boolean): void {
    if (isReading) this.#socket?.resume();
    else this.#socket?.pause();
  }

  close(): void {
    this.#socket?.destroy();
    this.#server.close();
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readUInt32BE(0)) {
      const end = 4 + this.#rest.readUInt32BE(0);
      this.received.push(this.#rest.subarray(4, end));
      this.#rest = this.#rest.subarray(end);
    }
  }
}

/** Both backends of a VM, seen from QEMU, and the daemon's ends. */
export interface FakeLink {
  readonly card: FakeBackend;
  readonly uplink: FakeBackend;
  readonly link: VmLink;
}

/** Opens the backends of one VM. */
export async function openFakeLink(folder: string, name: string): Promise<FakeLink> {
  const [card, cardStream] = await FakeBackend.open(folder, `${name}.nic`);
  const [uplink, uplinkStream] = await FakeBackend.open(folder, `${name}.net`);
  return { card, uplink, link: { cards: [cardStream], uplink: uplinkStream } };
}
