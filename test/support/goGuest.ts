/** Images of the guests in `test/fixtures/guests`: a Go program on the stand-in runtime. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { localPaths } from "../../provider/base/localPaths";
import { writeCpio } from "../../provider/image/cpio/write";
import { openLayout } from "../../provider/image/oci/layout";
import { getOrBuildLinuxRuntime } from "../../provider/image/runtime/linuxRuntime";

const GUESTS = path.resolve(__dirname, "../fixtures/guests");

/** What an image of a Go guest is made of. */
export interface GoGuest {
  /** Folder in `test/fixtures/guests`. */
  readonly guest: string;
  readonly repository: string;
  readonly tag?: string;
  /** Environment of the image: images that differ in it have different digests. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Compiles the guest in this folder of `test/fixtures/guests`, or in this absolute one, without anything that it would load at run time. */
export async function compileGoGuest(guest: string, binary: string): Promise<void> {
  const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/local/go/bin`, CGO_ENABLED: "0" };
  await promisify(execFile)("go", ["build", "-o", binary, "."], { cwd: path.resolve(GUESTS, guest), env });
}

/** Builds the guest and stores its image on metro `local`, in the state folder of this process. Returns its digest. */
export async function putGoGuest({ guest, repository, tag = "latest", env = {} }: GoGuest): Promise<string> {
  const runtime = await getOrBuildLinuxRuntime({ folder: localPaths().runtimesDir, onProgress: () => undefined });
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-guest-"));
  try {
    const [binary, initrd] = [path.join(folder, "server"), path.join(folder, "initrd.cpio")];
    await compileGoGuest(guest, binary);
    const server = { type: "file", mode: 0o755, content: { bytes: await fs.readFile(binary) } } as const;
    await writeCpio(new Map([...runtime.baseTree, ["server", server] as const]), initrd);
    const { digest } = await openLayout(localPaths().imagesDir).putImage({
      repository,
      tag,
      platform: { os: "linux", architecture: "x86_64" },
      config: { cmd: ["/server"], env, labels: {} },
      kernel: { file: runtime.kernelFile },
      initrd: { file: initrd },
    });
    return digest;
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}
