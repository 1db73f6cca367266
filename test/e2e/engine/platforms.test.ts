/** An image for QEMU on this machine and for another architecture in the cloud, built and pushed by one program. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { localPaths } from "../../../provider/base/localPaths";
import { CONTAINER_PLATFORM } from "../../../provider/image/build/pack/urunc";
import { openLayout } from "../../../provider/image/oci/layout";
import { packTree } from "../../../provider/image/pack/packTree";
import { pullRuntime } from "../../../provider/image/registry/pull";
import { pushImage } from "../../../provider/image/registry/push";
import { INIT_SCRIPT } from "../../../provider/image/runtime/initScript";
import { getOrBuildLinuxRuntime } from "../../../provider/image/runtime/linuxRuntime";
import type { FileTree, TreeEntry } from "../../../provider/image/rootfs/tree";
import { type DockerRegistry, startDockerRegistry } from "../../support/dockerRegistry";
import { type Stack, assertSucceeded, changingSteps } from "../../support/engine";
import { freePort } from "../../support/freePorts";
import { LocalPlatform } from "../../support/localPlatform";
import { httpGet } from "../../support/loadGenerator";
import { TestProject } from "../../support/project";

const PROGRAM = (port: number, repository: string): string => `
import * as unikernel from "pulumi-unikernel";
const image = new unikernel.GatewayImage("site", { context: "./site", repository: "${repository}" });
new unikernel.Service("web", {
  ports: [{ port: ${port}, destinationPort: 8080 }],
  template: { image: image.ref, memoryMb: 128 },
});
export const ref = image.ref;
export const sizeBytes = image.sizeBytes;
`;

const TARGETS = [
  { os: "qemu", architecture: "x86_64" },
  { os: "kraftcloud", architecture: "arm64" },
];

/** The stand-in guest's own files at a place that images may have, and a page: a root file system that boots by itself. */
function toBootable(baseTree: FileTree): FileTree {
  const move = (text: string): string => text.replaceAll("unikernel", "guest");
  const moved = [...baseTree].map(([name, entry]): [string, TreeEntry] => {
    const target = entry.type === "symlink" ? { ...entry, target: move(entry.target) } : entry;
    return [move(name), target];
  });
  const file = (text: string, mode: number): TreeEntry => ({
    type: "file",
    mode,
    content: { bytes: Buffer.from(text) },
  });
  // The platform puts the command line where it always is.
  const init = move(INIT_SCRIPT).replaceAll("$u/cmdline", "/unikernel/cmdline");
  return new Map([...moved, ["init", file(init, 0o755)], ["www/index.html", file("both", 0o644)]]);
}

describe("an image for two platforms, with the real engine", function () {
  this.timeout(300_000);
  let folder: string;
  let registry: DockerRegistry;
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  let url: string;
  let runtime: string;
  let repository: string;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "platforms-"));
    registry = await startDockerRegistry();
    platform = await LocalPlatform.open();
    [runtime, repository] = [`${registry.host}/official/kernel:1`, `${registry.host}/team/site`];
    const linux = await getOrBuildLinuxRuntime({ folder: localPaths().runtimesDir, onProgress: () => undefined });
    const arm = path.join(folder, "arm64");
    await fs.writeFile(arm, "a kernel for another architecture");
    const layout = openLayout(path.join(folder, "layout"));
    const config = { cmd: [], env: {}, labels: {} };
    const kernels = [linux.kernelFile, arm];
    const images = TARGETS.map((target, at) => ({ platform: target, config, kernel: { file: kernels[at] ?? "" } }));
    const { digest } = await layout.putImages(images, { repository: "kernel" });
    await pushImage(layout, digest, runtime);
    project = await TestProject.copy("examples/quickstart");
    const port = await freePort();
    url = `http://127.0.0.1:${port}/`;
    await project.write("index.ts", PROGRAM(port, repository));
    await writeKraftfile("qemu/x86_64, kraftcloud/arm64");
    await fs.rm(path.join(project.folder, "site/rootfs"), { recursive: true });
    await packTree(toBootable(linux.baseTree), "cpio", { file: path.join(project.folder, "site/rootfs.cpio") });
    stack = project.stack({});
  });
  after(async () => {
    await project.remove();
    await platform.close();
    await registry[Symbol.asyncDispose]();
    await fs.rm(folder, { recursive: true });
  });

  const writeKraftfile = (targets: string): Promise<void> =>
    project.write(
      "site/Kraftfile",
      `spec: v0.7\nruntime: ${runtime}\ntargets: [${targets}]\nrootfs: ./rootfs.cpio\ncmd: [/guest/busybox, httpd, -f, -p, "8080", -h, /www]\n`,
    );

  it("fails at preview if the runtime lacks one, with those that it has", async () => {
    await writeKraftfile("qemu/x86_64, fc/arm64");
    const result = await stack.preview();
    const messages = result.diagnostics.map(({ message }) => message).join("\n");
    assert.match(messages, /targets are qemu\/x86_64, fc\/arm64, but .* is built for qemu\/x86_64, kraftcloud\/arm64/);
    await writeKraftfile("qemu/x86_64, kraftcloud/arm64");
  });

  it("boots here from its part for QEMU", async () => {
    const { outputs } = assertSucceeded(await stack.up());
    assert.deepEqual(await httpGet(url), { status: 200, body: "both" });
    const pulled = openLayout(path.join(folder, "pulled"));
    const image = await pullRuntime(repository, pulled, { targets: [...TARGETS, CONTAINER_PLATFORM] });
    assert.deepEqual([`${repository}@${image.digest}`, image.sizeBytes], [outputs["ref"], outputs["sizeBytes"]]);
  });

  it("changes nothing in a second up, also after a refresh from the registry", async () => {
    assert.deepEqual(changingSteps(assertSucceeded(await stack.refresh())), []);
    assert.deepEqual(changingSteps(assertSucceeded(await stack.up())), []);
  });

  it("leaves nothing on this machine when it is destroyed", async () => {
    assertSucceeded(await stack.destroy());
    await platform.assertNothingLeft();
  });
});
