/** `linux:latest` as an image of its own: its kernel, and the base tree as the root file system. The instance says what runs. */
import type { Digest } from "../../base/digest";
import { localPaths } from "../../base/localPaths";
import { writeCpio } from "../cpio/write";
import type { Layout } from "../oci/layout";
import { LINUX_RUNTIME } from "../runtimeImage";
import { getOrBuildLinuxRuntime } from "./linuxRuntime";
import { LINUX_PLATFORM } from "./resolveLinuxRuntime";

/** Stores the stand-in guest as the image `linux:latest`; its digest. Throws `RUNTIME_UNAVAILABLE` if it cannot be built, `NO_SPACE`. */
export async function putLinuxImage(layout: Layout): Promise<Digest> {
  const folder = localPaths().runtimesDir;
  const runtime = await getOrBuildLinuxRuntime({ folder, onProgress: () => undefined });
  return layout.withTemporaryFile(async (initrd) => {
    await writeCpio(runtime.baseTree, initrd);
    const { digest } = await layout.putImage({
      repository: LINUX_RUNTIME,
      platform: LINUX_PLATFORM,
      config: { cmd: [], env: {}, labels: {} },
      kernel: { file: runtime.kernelFile },
      initrd: { file: initrd },
    });
    return digest;
  });
}
