import assert from "node:assert/strict";
import * as tar from "tar-stream";
import { type FormattedImage, containerEntry } from "../../../../../provider/image/build/pack/urunc";
import type { LayerRef } from "../../../../../provider/image/oci/layer";

const DIGEST = `sha256:${"a".repeat(64)}` as const;
const layer = (entry: string): LayerRef => ({ digest: DIGEST, sizeBytes: 1, blob: "/none", entry });

const IMAGE: FormattedImage = {
  format: "cpio",
  image: {
    platform: { os: "qemu", architecture: "x86_64" },
    config: { cmd: ["/server"], env: { A: "1" }, labels: {} },
    kernel: layer("unikraft/bin/kernel"),
    initrd: layer("unikraft/bin/initrd"),
  },
};
const changed = (image: Partial<FormattedImage["image"]>): FormattedImage => ({
  ...IMAGE,
  image: { ...IMAGE.image, ...image },
});

async function collect(chunks: AsyncIterable<unknown> | Iterable<unknown>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk as Uint8Array);
  return Buffer.concat(parts);
}

/** The files of the layer that the entry adds. */
async function filesOf(images: readonly FormattedImage[]): Promise<Readonly<Record<string, string>>> {
  const [source] = containerEntry(images)?.containerLayers ?? assert.fail();
  const bytes = await collect(source?.chunks() ?? []);
  assert.deepEqual([bytes.length % 512, source?.sizeBytes], [0, bytes.length]);
  const files: Record<string, string> = {};
  const extract = tar.extract();
  extract.end(bytes);
  for await (const entry of extract) files[entry.header.name] = (await collect(entry)).toString();
  return files;
}

/** Source of the format: urunc 0.7.0, docs/package/index.md. The values were encoded by coreutils' `base64`. */
describe("the entry of an image for containerd and urunc", () => {
  const without = (name: "kernel" | "initrd"): FormattedImage => {
    const { [name]: _, ...image } = IMAGE.image;
    return { ...IMAGE, image };
  };

  it("is linux/amd64 with the layers and the configuration of qemu/x86_64, and a description", async () => {
    const cloud = changed({ platform: { os: "kraftcloud", architecture: "x86_64" }, kernel: layer("cloud") });
    const entry = containerEntry([cloud, IMAGE]) ?? assert.fail();
    assert.deepEqual(entry.platform, { os: "linux", architecture: "amd64" });
    assert.deepEqual(
      [entry.config, entry.kernel, entry.initrd],
      [IMAGE.image.config, IMAGE.image.kernel, IMAGE.image.initrd],
    );
    const files = await filesOf([cloud, IMAGE]);
    assert.deepEqual(Object.keys(files), ["urunc.json"]);
    assert.deepEqual(JSON.parse(files["urunc.json"] ?? ""), {
      "com.urunc.unikernel.unikernelType": "dW5pa3JhZnQ=",
      "com.urunc.unikernel.hypervisor": "cWVtdQ==",
      "com.urunc.unikernel.binary": "L3VuaWtyYWZ0L2Jpbi9rZXJuZWw=",
      "com.urunc.unikernel.initrd": "L3VuaWtyYWZ0L2Jpbi9pbml0cmQ=",
    });
  });

  it("names the files of layers that other tools wrote, and no initrd that the image lacks", async () => {
    const { kernel: _, ...rest } = without("initrd").image;
    const files = await filesOf([{ format: "erofs", image: { ...rest, kernel: layer("boot/vmlinuz") } }]);
    assert.deepEqual(JSON.parse(files["urunc.json"] ?? ""), {
      "com.urunc.unikernel.unikernelType": "dW5pa3JhZnQ=",
      "com.urunc.unikernel.hypervisor": "cWVtdQ==",
      "com.urunc.unikernel.binary": "L2Jvb3Qvdm1saW51eg==",
    });
    assert.ok(await filesOf([changed({ kernel: { file: "/kernel" } })]));
  });

  it("is missing where urunc could not boot the image", () => {
    const rom = { digest: DIGEST, sizeBytes: 4096, blob: "/rom" };
    const unbootable: readonly FormattedImage[] = [
      { ...IMAGE, format: "erofs" },
      without("kernel"),
      changed({ roms: [rom] }),
      changed({ platform: { os: "qemu", architecture: "arm64" } }),
      changed({ platform: { os: "kraftcloud", architecture: "x86_64" } }),
    ];
    for (const one of unbootable) assert.equal(containerEntry([one]), undefined);
    assert.equal(containerEntry([]), undefined);
  });
});
