/** The size of the container image that a unikernel image is built from. */
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

const execFile = promisify(childProcess.execFile);

/** Commands that build a Dockerfile and write it as an OCI archive, by the tool that has them. */
const BUILDERS: Readonly<Record<string, (context: string, archive: string) => readonly (readonly string[])[]>> = {
  docker: (context, archive) => [["buildx", "build", "--output", `type=oci,dest=${archive}`, context]],
  podman: (context, archive) => [
    ["build", "--tag", TAG, context],
    ["push", TAG, `oci-archive:${archive}`],
  ],
  buildah: (context, archive) => [
    ["build", "--tag", TAG, context],
    ["push", TAG, `oci-archive:${archive}`],
  ],
};
const TAG = "localhost/boot-benchmark";

interface Manifest {
  readonly layers?: readonly { readonly size: number }[];
  readonly manifests?: readonly { readonly digest: string; readonly platform?: { readonly architecture?: string } }[];
}

/**
 * Builds the Dockerfile of a folder, and adds up its layers as a registry stores them, in bytes.
 *
 * @returns `undefined` if the folder has no Dockerfile or this machine has no builder that can build it
 */
export async function containerImageBytes(context: string): Promise<number | undefined> {
  if (!(await fs.readdir(context)).includes("Dockerfile")) return undefined;
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "boot-benchmark-"));
  try {
    for (const [tool, commandsOf] of Object.entries(BUILDERS)) {
      const archive = path.join(folder, `${tool}.tar`);
      try {
        for (const args of commandsOf(context, archive)) await execFile(tool, args);
        return await layerBytes(archive);
      } catch {
        // the next one may be able to
      }
    }
    return undefined;
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

/** The layers of the image for x86-64 in an OCI archive. Source: OCI image-spec 1.1, image-layout.md and manifest.md. */
async function layerBytes(archive: string): Promise<number> {
  const read = async (file: string): Promise<Manifest> =>
    JSON.parse((await execFile("tar", ["-xOf", archive, file])).stdout) as Manifest;
  let manifest = await read("index.json");
  while (manifest.layers === undefined) {
    const [first] = manifest.manifests ?? [];
    const chosen = manifest.manifests?.find(({ platform }) => platform?.architecture === "amd64") ?? first;
    if (chosen === undefined) throw new Error("The archive has no image.");
    manifest = await read(`blobs/${chosen.digest.replace(":", "/")}`);
  }
  return manifest.layers.reduce((sum, { size }) => sum + size, 0);
}
