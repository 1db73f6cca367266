/**
 * Frames on a byte stream, as QEMU's `-netdev stream` sends them: the length as 4 bytes, big-endian, then the Ethernet frame. Pure.
 * Source: QEMU, net/stream.c.
 */

/** An Ethernet frame without its checksum. */
export type Frame = Buffer;

const LENGTH_BYTES = 4;
/** QEMU's own limit of a frame, `NET_BUFSIZE` in include/net/net.h. */
export const MAX_FRAME_BYTES = 4096 + 65536;

/** The bytes that precede a frame on the stream. */
export function encodeLength(frame: Frame): Buffer {
  const prefix = Buffer.allocUnsafe(LENGTH_BYTES);
  prefix.writeUInt32BE(frame.length);
  return prefix;
}

/** Cuts a stream into frames. */
export class FrameDecoder {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * The frames that are complete with this chunk. They share its memory. Throws `RangeError` for a length that QEMU never sends; the
   * stream cannot be read any further then.
   */
  push(chunk: Buffer): readonly Frame[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = bytes.readUInt32BE(at);
      if (length === 0 || length > MAX_FRAME_BYTES) throw new RangeError(`a frame of ${length} bytes`);
      const end = at + LENGTH_BYTES + length;
      if (end > bytes.length) break;
      frames.push(bytes.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
    return frames;
  }
}
