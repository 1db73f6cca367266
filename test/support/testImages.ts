/** Small images in a layout, for tests of registries and layouts. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Digest } from "../../provider/base/digest";
import { type Layout, openLayout } from "../../provider/image/oci/layout";

/** What differs between two test images. */
export interface TestImage {
  readonly repository?: string;
  readonly kernel?: string | Uint8Array;
  readonly rootfs?: string | Uint8Array;
  readonly os?: string;
}

/** Stores an image with a kernel and a root file system in the layout `<folder>/layout`. */
export async function putTestImage(
  folder: string,
  { repository = "acme/shop", kernel = "kernel", rootfs = "rootfs", os = "qemu" }: TestImage = {},
): Promise<{ readonly layout: Layout; readonly digest: Digest }> {
  const layout = openLayout(path.join(folder, "layout"));
  const [kernelFile, rootfsFile] = [path.join(folder, "test-kernel"), path.join(folder, "test-rootfs")];
  await fs.writeFile(kernelFile, kernel);
  await fs.writeFile(rootfsFile, rootfs);
  const { digest } = await layout.putImage({
    repository,
    platform: { os, architecture: "x86_64" },
    config: { cmd: ["/server", "--port=8080"], env: { LEVEL: "info" }, labels: { team: "shop" } },
    kernel: { file: kernelFile },
    initrd: { file: rootfsFile },
  });
  return { layout, digest };
}

/**
 * Stores an image for several platforms, such as `kraftcloud/arm64`: each has a kernel with the platform's name as its content, and all
 * have one root file system.
 */
export async function putTestPlatforms(
  folder: string,
  platforms: readonly string[],
  { repository = "acme/shop", rootfs = "rootfs" }: Pick<TestImage, "repository" | "rootfs"> = {},
): Promise<{ readonly layout: Layout; readonly digest: Digest }> {
  const layout = openLayout(path.join(folder, "layout"));
  const rootfsFile = path.join(folder, "test-rootfs");
  await fs.writeFile(rootfsFile, rootfs);
  const images = platforms.map(async (name) => {
    const [os = "", architecture = ""] = name.split("/");
    const kernelFile = path.join(folder, `test-kernel-${os}-${architecture}`);
    await fs.writeFile(kernelFile, name);
    return {
      platform: { os, architecture },
      config: { cmd: ["/server"], env: { PLATFORM: name }, labels: { for: name } },
      kernel: { file: kernelFile },
      initrd: { file: rootfsFile },
    };
  });
  const { digest } = await layout.putImages(await Promise.all(images), { repository });
  return { layout, digest };
}
