/** What a preview says about the kernel of an image on metro `local`, before anything boots. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UNKNOWN } from "../../../provider/definition/unknowns";
import { openLayout } from "../../../provider/image/oci/layout";
import { DynamicProcess } from "../../support/dynamicProcess";
import { erofsImage, linuxKernel, unikraftKernel } from "../../support/kernelFiles";
import { freePort } from "../../support/freePorts";
import { TestPlatform } from "../../support/testPlatform";

type Json = Record<string, unknown>;
const MIB = 1024 * 1024;

describe("a preview of an image's kernel", function () {
  this.timeout(60_000);
  let platform: TestPlatform;
  let providers: Readonly<Record<"Instance" | "Service" | "inOtherMetro", DynamicProcess>>;
  let previews = 0;

  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    process.env["UNIKERNEL_STATE_DIR"] = platform.paths.stateDir;
    await put("linux-large", linuxKernel(), Buffer.alloc(64 * MIB));
    await put("linux-disk", linuxKernel(), erofsImage(64 * MIB));
    await put("elfloader", unikraftKernel(["netdev", "vfs", "env"]), Buffer.alloc(23_100_000));
    await put("native", unikraftKernel([]));
    await put("arm", linuxKernel(), Buffer.alloc(1), "arm64");
    const { url, token } = platform.daemon;
    providers = {
      Instance: await DynamicProcess.start("Instance", { "unikernel:metro": "local" }),
      Service: await DynamicProcess.start("Service", { "unikernel:metro": "local" }),
      inOtherMetro: await DynamicProcess.start("Instance", { "unikernel:metro": url, "unikernel:token": token }),
    };
  });
  after(async () => {
    for (const provider of Object.values(providers)) await provider.stop();
    await platform.close();
    delete process.env["UNIKERNEL_STATE_DIR"];
  });

  async function put(repository: string, kernel: Buffer, rootfs?: Buffer, architecture = "x86_64"): Promise<void> {
    const [kernelFile, rootfsFile] = [path.join(platform.folder, "a-kernel"), path.join(platform.folder, "a-rootfs")];
    await fs.writeFile(kernelFile, kernel);
    if (rootfs !== undefined) await fs.writeFile(rootfsFile, rootfs);
    await openLayout(platform.paths.imagesDir).putImage({
      repository,
      platform: { os: "qemu", architecture },
      config: { cmd: ["/server"], env: {}, labels: {} },
      kernel: { file: kernelFile },
      ...(rootfs === undefined ? {} : { initrd: { file: rootfsFile } }),
    });
  }

  /** The failures of a check, and what it prints. */
  async function preview(kind: keyof typeof providers, inputs: Json): Promise<readonly string[]> {
    const provider = providers[kind];
    const loggedBefore = provider.logged.length;
    const { failures } = await provider.check({}, { __resourceName: `it-${++previews}`, ...inputs });
    return [
      ...failures.map(({ reason }) => reason),
      ...provider.logged.slice(loggedBefore).map(({ message }) => message),
    ];
  }

  const volumes = [{ volume: "data", at: "/data" }];

  it("fails for too little memory, with the arithmetic, for both kinds", async () => {
    const message =
      "memoryMb: The guest needs 207 MiB of memory (72 for the kernel + 2.1 × 64.0 for its root file system), but gets 128. Set memoryMb to 207 or more.";
    const large = { image: "linux-large", memoryMb: 128 };
    assert.deepEqual(await preview("Instance", large), [`INPUT_INVALID: ${message}`]);
    const service = { ports: [{ port: await freePort() }], replicas: 1, template: large };
    assert.deepEqual(await preview("Service", service), [`INPUT_INVALID: template.${message}`]);
    assert.deepEqual(await preview("Instance", { ...large, memoryMb: 207 }), []);
    assert.deepEqual(await preview("Instance", { image: "linux-disk", memoryMb: 96 }), []);
    assert.deepEqual(await preview("Instance", { image: "elfloader", memoryMb: 88 }), []);
  });

  it("fails for what does not fit on a command line, and for volumes that a kernel does not mount", async () => {
    const long = await preview("Instance", { image: "elfloader", env: { PEM: "s".repeat(4100) } });
    assert.match(
      long.join("\n"),
      /^INPUT_INVALID: env: The command line of the instance has 41\d\d bytes \(.*env 4\d+.*\); a Unikraft kernel accepts at most 4096\./,
    );
    assert.doesNotMatch(long.join("\n"), /sss/);
    const native = await preview("Instance", { image: "native", volumes });
    assert.match(native.join("\n"), /^INPUT_INVALID: volumes: The kernel mounts no volumes/);
  });

  it("fails for a volume of several writers that the kernel cannot mount", async () => {
    const body = { name: "shared", size_mb: 8, filesystem: "virtiofs", access_mode: "rwx" };
    const { uuid } = await platform.requestItem("POST", "/v1/volumes", body);
    for (const volume of [uuid, "shared"]) {
      const inputs = { memoryMb: 256, volumes: [{ volume, at: "/data" }] };
      assert.match(
        (await preview("Instance", { ...inputs, image: "linux-disk" })).join("\n"),
        /^NOT_SUPPORTED: volumes\[0\]\.volume: The volume at '\/data' has the access mode "rwx".* it has no 9p\./,
      );
      assert.deepEqual(await preview("Instance", { ...inputs, image: "elfloader" }), []);
    }
  });

  it("fails for an image for another architecture", async () =>
    assert.deepEqual(await preview("Instance", { image: "arm" }), [
      "INPUT_INVALID: image: The image is built for qemu/arm64, not for x86_64. Use an image with a kernel for QEMU on this machine.",
    ]));

  it("says that an instance sleeps in memory only if its kernel mounts folders", async () => {
    const inputs = {
      serviceGroup: { ports: [{ port: await freePort() }] },
      ...{ memoryMb: 256, volumes, scaleToZero: { policy: "on", stateful: true } },
    };
    const told = await preview("Instance", { ...inputs, image: "elfloader" });
    assert.deepEqual(told, [
      `Instance 'it-${previews}': scaleToZero.stateful: it sleeps in memory, not on the disk, because its Unikraft kernel mounts volumes as folders of this machine (9p), which QEMU cannot save.`,
    ]);
    const serviceGroup = { ports: [{ port: await freePort() }] };
    assert.deepEqual(await preview("Instance", { ...inputs, serviceGroup, image: "linux-disk" }), []);
  });

  it("says nothing of an image that is not known, and in another metro", async () => {
    assert.deepEqual(await preview("Instance", { image: UNKNOWN, memoryMb: 16 }), []);
    const unbuilt = await preview("Instance", { image: `elfloader@sha256:${"0".repeat(64)}`, memoryMb: 16 });
    assert.deepEqual(unbuilt, []);
    assert.deepEqual(await preview("inOtherMetro", { image: "linux-large", memoryMb: 16 }), []);
  });
});
