/** A connection to a guest whose end means that the guest has ended it. */
import * as net from "node:net";

/**
 * A socket to a VM. When QEMU dies and has read everything, the system closes its connections as if the guest had sent all that it wanted
 * to send; so this socket reports an end only once the VM is known to have outlived it, and otherwise fails with `ECONNRESET`.
 */
export class GuestSocket extends net.Socket {
  readonly #isVmAlive: () => Promise<boolean>;
  #hasEnded = false;

  /** @param isVmAlive true if the VM runs after the call; false if it is gone. Must not throw. */
  constructor(options: net.SocketConstructorOpts, isVmAlive: () => Promise<boolean>) {
    super(options);
    this.#isVmAlive = isVmAlive;
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk !== null) return super.push(chunk, encoding);
    if (!this.#hasEnded) void this.#end();
    this.#hasEnded = true;
    return false;
  }

  override _read(size: number): void {
    if (!this.#hasEnded) super._read(size); // Node would read the end again and again
  }

  async #end(): Promise<void> {
    const isAlive = await this.#isVmAlive();
    if (this.destroyed) return;
    if (!isAlive) return void this.destroy(Object.assign(new Error("The VM has ended."), { code: "ECONNRESET" }));
    super.push(null);
    this.read(0); // 'end' comes once the bytes before it have been read
  }
}
