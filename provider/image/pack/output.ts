/** Where an archive goes: a file or nowhere; either way it is hashed. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import { promisify } from "node:util";
import type { Digest } from "../../base/digest";

const write = promisify(fs.write);
const BUFFER_BYTES = 2 ** 20;
const ZEROS = Buffer.alloc(BUFFER_BYTES);

/**
 * Two buffers: one is filled while the other is written and hashed. Blocks of zeros become holes of the file.
 *
 * @param fd of an empty file; `undefined` to hash only. The caller closes it.
 */
export class Output {
  readonly #fd: number | undefined;
  readonly #hash = crypto.createHash("sha256");
  #current = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #other = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #used = 0;
  #written = 0;
  #endsInHole = false;
  #pending: Promise<unknown> | undefined;

  constructor(fd: number | undefined) {
    this.#fd = fd;
  }

  /** Bytes so far. */
  get sizeBytes(): number {
    return this.#written + this.#used;
  }

  /** Free space in the current buffer; at least one byte. */
  get free(): number {
    return BUFFER_BYTES - this.#used;
  }

  /** Appends bytes without a call of {@link append}, if they leave space in the current buffer. */
  tryPut(bytes: Uint8Array): boolean {
    if (bytes.length >= this.free) return false;
    this.#current.set(bytes, this.#used);
    this.#used += bytes.length;
    return true;
  }

  /** As {@link tryPut}, for a number of zeros. */
  tryPutZeros(length: number): boolean {
    if (length >= this.free) return false;
    this.#current.fill(0, this.#used, this.#used + length);
    this.#used += length;
    return true;
  }

  /**
   * Lets `fill` write `length` bytes, at most {@link free}, to the current buffer and returns them. Call {@link flushIfFull} before the
   * next one.
   */
  append(length: number, fill: (target: Buffer, offset: number) => void): Uint8Array {
    fill(this.#current, this.#used);
    const filled = this.#current.subarray(this.#used, this.#used + length);
    this.#used += length;
    return filled;
  }

  /** Starts to write a full buffer; resolves when the next one can be filled. Throws errors of earlier writes. */
  async flushIfFull(): Promise<void> {
    if (this.#used === BUFFER_BYTES) await this.#flush();
  }

  /** Writes what is left and returns the digest of everything. */
  async end(): Promise<Digest> {
    await this.#flush();
    await this.#pending;
    if (this.#endsInHole && this.#fd !== undefined) fs.ftruncateSync(this.#fd, this.#written);
    return `sha256:${this.#hash.digest("hex")}`;
  }

  /** Waits until nothing uses the buffers and the descriptor any more. Never throws. */
  async settle(): Promise<void> {
    await this.#pending?.catch(() => undefined);
  }

  async #flush(): Promise<void> {
    const block = this.#current.subarray(0, this.#used);
    if (block.length === 0) return;
    await this.#pending;
    this.#endsInHole = block.equals(ZEROS.subarray(0, block.length));
    if (this.#fd !== undefined && !this.#endsInHole) {
      this.#pending = writeFully(this.#fd, block, this.#written);
      this.#pending.catch(() => undefined); // reported by the next flush
    }
    this.#hash.update(block);
    this.#written += block.length;
    this.#used = 0;
    [this.#current, this.#other] = [this.#other, this.#current];
  }
}

async function writeFully(fd: number, block: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < block.length;) {
    const { bytesWritten } = await write(fd, block, done, block.length - done, position + done);
    done += bytesWritten;
  }
}
