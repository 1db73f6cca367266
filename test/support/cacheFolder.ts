/** A cache of its own for each test. */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import {
  COMMAND_MODULE,
  CONTROL_FILE_MODULES,
  EROFS_MODULES,
  KERNEL_MODULES,
  VSOCK_MODULES,
} from "../../provider/image/runtime/kernelModules";

/** Gives each test of the suite an empty folder, with `UNIKERNEL_CACHE_DIR` and `UNIKERNEL_STATE_DIR` below it. */
export function useCacheFolder(): { readonly path: string } {
  const folder = { path: "" };
  const names = ["UNIKERNEL_CACHE_DIR", "UNIKERNEL_STATE_DIR"] as const;
  const before = new Map(names.map((name) => [name, process.env[name]]));
  beforeEach(async () => {
    folder.path = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-cache-"));
    process.env["UNIKERNEL_CACHE_DIR"] = path.join(folder.path, "cache");
    process.env["UNIKERNEL_STATE_DIR"] = path.join(folder.path, "state");
  });
  afterEach(async () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await fs.rm(folder.path, { recursive: true });
  });
  return folder;
}

/** Files of the stand-in runtime as a build of it leaves them in the cache, with made-up contents. */
export async function writeLinuxRuntime(version = "6.1.0-9-cloud-amd64"): Promise<void> {
  const folder = path.join(process.env["UNIKERNEL_CACHE_DIR"] ?? "", "runtimes", "linux-6");
  await fs.mkdir(folder, { recursive: true });
  const names = [
    "vmlinux",
    "busybox",
    "applets",
    ...[...KERNEL_MODULES, ...EROFS_MODULES, COMMAND_MODULE, ...VSOCK_MODULES, ...CONTROL_FILE_MODULES].map((module) =>
      path.basename(module),
    ),
  ];
  for (const name of names) await fs.writeFile(path.join(folder, name), `${name}\n`);
  await fs.writeFile(path.join(folder, "version"), version);
}
