/**
 * Decompresses the LZ4 "legacy frame", the format of compressed Linux kernels.
 *
 * Sources: lz4/doc/lz4_Frame_format.md, "Legacy frame"; lz4/doc/lz4_Block_format.md.
 */
import { UnikernelError } from "../../base/errors";

/** First bytes of a legacy frame: 0x184C2102, little-endian. */
export const LZ4_LEGACY_MAGIC = Buffer.from([0x02, 0x21, 0x4c, 0x18]);

/** Every block except the last decompresses to this many bytes. */
const BLOCK_BYTES = 8 * 1024 * 1024;
const MIN_MATCH = 4;

const malformedStreamError = (what: string): UnikernelError =>
  new UnikernelError("RUNTIME_UNAVAILABLE", `The kernel's LZ4 stream is malformed: ${what}.`, {
    hint: "Remove the cached runtime and retry; the kernel package may be damaged.",
  });

/**
 * Decompresses a legacy frame. The input is untrusted: every length and offset is checked against its buffer.
 *
 * @param outputBytes Size of the content in bytes, which a kernel stores after the frame.
 * Throws `RUNTIME_UNAVAILABLE` when the frame is malformed or decompresses to another size.
 */
export function decodeLz4Legacy(frame: Uint8Array, outputBytes: number): Buffer {
  const input = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  if (!input.subarray(0, 4).equals(LZ4_LEGACY_MAGIC))
    throw malformedStreamError("it does not begin with the magic number");
  const output = Buffer.alloc(outputBytes);
  let at = 4;
  let written = 0;
  while (at < input.length) {
    if (at + 4 > input.length) throw malformedStreamError("it ends inside a block size");
    const size = input.readUInt32LE(at);
    at += 4;
    if (size === 0 || at + size > input.length) throw malformedStreamError(`a block of ${size} bytes does not fit`);
    const limit = Math.min(written + BLOCK_BYTES, outputBytes);
    written = decodeBlock(input.subarray(at, at + size), output, written, limit);
    at += size;
  }
  if (written !== outputBytes) throw malformedStreamError(`it holds ${written} bytes instead of ${outputBytes}`);
  return output;
}

/** Decompresses one block into `output`, from `start` up to at most `limit`; returns the end of the written bytes. */
function decodeBlock(block: Buffer, output: Buffer, start: number, limit: number): number {
  let at = 0;
  let to = start;
  const byte = (): number => {
    const value = block[at++];
    if (value === undefined) throw malformedStreamError("a block ends too early");
    return value;
  };
  const extended = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15) {
      for (let more = 255; more === 255; length += more) more = byte();
    }
    return length;
  };
  while (at < block.length) {
    const token = byte();
    const literals = extended(token >> 4);
    if (at + literals > block.length || to + literals > limit) throw malformedStreamError("literals run over the end");
    block.copy(output, to, at, at + literals);
    at += literals;
    to += literals;
    if (at === block.length) break; // the last sequence has literals only
    const offset = byte() | (byte() << 8);
    if (offset === 0 || offset > to - start) throw malformedStreamError("a match begins before its block");
    const length = extended(token & 15) + MIN_MATCH;
    if (to + length > limit) throw malformedStreamError("a match runs over the end");
    if (offset >= length) output.copy(output, to, to - offset, to - offset + length);
    else for (let i = 0; i < length; i++) output[to + i] = output[to + i - offset] ?? 0; // overlap repeats the pattern
    to += length;
  }
  return to;
}
