import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as tar from "tar-stream";
import { buffer } from "node:stream/consumers";
import { describeGuestImage } from "../../../../provider/image/kernel/guestImage";
import type { ReadAt } from "../../../../provider/image/kernel/kernelKind";
import { openLayout } from "../../../../provider/image/oci/layout";
import type { StoredImage } from "../../../../provider/image/oci/storedImage";
import { elfloaderKernel, erofsImage, linuxKernel } from "../../../support/kernelFiles";
import { putTestImage } from "../../../support/testImages";

const PARAMETERS = { netdev: true, vfs: true, env: true };

/** Reads from memory, and counts the bytes. */
function countingReader(bytes: Buffer): { readonly read: ReadAt; readonly count: () => number } {
  let count = 0;
  const read: ReadAt = (offset, length) => {
    const part = bytes.subarray(offset, offset + length);
    count += part.length;
    return Promise.resolve(part);
  };
  return { read, count: () => count };
}

describe("what is known of an image's guests", () => {
  let folder: string;
  beforeEach(async () => (folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-guest-image-"))));
  afterEach(() => fs.rm(folder, { recursive: true }));

  async function put(kernel: Buffer, rootfs: Buffer): Promise<StoredImage> {
    const { digest } = await putTestImage(folder, { kernel, rootfs });
    const stored = await openLayout(path.join(folder, "layout")).resolve(`acme/shop@${digest}`);
    assert.ok(stored);
    return stored;
  }

  async function describe_(stored: StoredImage) {
    let bytesRead = 0;
    const readers = new Map<string, ReturnType<typeof countingReader>>();
    for (const { blob } of [stored.kernel, stored.initrd].filter((layer) => layer !== undefined))
      readers.set(blob, countingReader(await fs.readFile(blob)));
    const image = await describeGuestImage(
      stored,
      ({ blob }) => readers.get(blob)?.read ?? countingReader(Buffer.alloc(0)).read,
    );
    for (const { count } of readers.values()) bytesRead += count();
    return { image, bytesRead };
  }

  it("is its program, its kernel with the parameters, and the exact size of its root file system", async () => {
    const { image } = await describe_(await put(elfloaderKernel(), Buffer.alloc(12_345)));
    assert.deepEqual(image, {
      platform: { os: "qemu", architecture: "x86_64" },
      cmd: ["/server", "--port=8080"],
      env: { LEVEL: "info" },
      kernel: { kind: "multiboot", parameters: PARAMETERS },
      initrd: { bytes: 12_345, isErofs: false },
    });
  });

  it("needs little of a Linux kernel and of a root file system", async () => {
    const rootfs = erofsImage(4 * 1024 * 1024);
    const { image, bytesRead } = await describe_(await put(linuxKernel(8 * 1024 * 1024), rootfs));
    assert.deepEqual(image.kernel, { kind: "pvh", parameters: undefined });
    assert.deepEqual(image.initrd, { bytes: rootfs.length, isErofs: true });
    assert.ok(bytesRead < 32 * 1024, `${bytesRead} bytes`);
  });

  it("has no kind for a kernel that does not boot in QEMU", async () => {
    const { image } = await describe_(await put(Buffer.from("#!/bin/sh\n"), Buffer.alloc(1)));
    assert.deepEqual(image.kernel, { kind: undefined, parameters: undefined });
  });

  it("is found behind the header that other tools write first", async () => {
    const stored = await put(elfloaderKernel(), Buffer.alloc(1));
    assert.ok(stored.kernel);
    const pack = tar.pack();
    pack.entry({ name: "unikraft/bin/kernel", pax: { comment: "x".repeat(600) } }, elfloaderKernel());
    pack.finalize();
    await fs.writeFile(stored.kernel.blob, await buffer(pack));
    assert.deepEqual((await describe_(stored)).image.kernel, { kind: "multiboot", parameters: PARAMETERS });
    await fs.writeFile(stored.kernel.blob, Buffer.alloc(10_240));
    await assert.rejects(describe_(stored), /does not begin with 'unikraft\/bin\/kernel'/);
  });
});
