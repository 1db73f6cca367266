import assert from "node:assert/strict";
import { encodeLength, FrameDecoder } from "../../../../provider/platform/network/frames";

const FRAMES = [Buffer.from("one"), Buffer.alloc(1514, 2), Buffer.from("3")];
const stream = Buffer.concat(FRAMES.flatMap((frame) => [encodeLength(frame), frame]));

describe("frames on a stream", () => {
  it("are cut out wherever the stream is cut", () => {
    for (const size of [1, 2, 3, 5, 7, 1000, stream.length]) {
      const decoder = new FrameDecoder();
      const found: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) {
        found.push(...decoder.push(stream.subarray(at, at + size)).map((frame) => Buffer.from(frame)));
      }
      assert.deepEqual(found, FRAMES, `chunks of ${size} bytes`);
    }
  });

  it("end with a length that QEMU never sends", () => {
    for (const length of [0, 70_000, 0xffff_ffff]) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(length);
      assert.throws(() => new FrameDecoder().push(bytes), RangeError);
    }
  });
});
