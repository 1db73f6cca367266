import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { UNKNOWN } from "../../../../../provider/definition/unknowns";
import type { GuestImage } from "../../../../../provider/image/kernel/guestImage";
import { inspectKernel } from "../../../../../provider/resources/workload/preview/checkedLifecycle";
import { contextWithResponses } from "../../../../support/resourceContext";
import type { PartialWorkload } from "../../../../../provider/resources/workload/labels/imageDefaults";

const MIB = 1024 * 1024;
const platform = { os: "qemu", architecture: "x86_64" };
const program = { platform, cmd: ["/server"], env: {} };
const LINUX: GuestImage = {
  ...program,
  kernel: { kind: "pvh", parameters: undefined },
  initrd: { bytes: 64 * MIB, isErofs: false },
};
const UNIKRAFT: GuestImage = {
  ...program,
  kernel: { kind: "multiboot", parameters: { netdev: true, vfs: true, env: true } },
  initrd: { bytes: 23_100_000, isErofs: false },
};
const NATIVE: GuestImage = {
  ...program,
  kernel: { kind: "multiboot", parameters: { netdev: false, vfs: false, env: false } },
  initrd: undefined,
};

const volumes = [{ volume: "data", at: "/data", readonly: false }];
const workload = (more: PartialWorkload = {}): PartialWorkload => ({ image: "app", memoryMb: 256, ...more });

async function inspect(image: GuestImage | undefined, news: PartialWorkload, olds?: PartialWorkload, metro = "local") {
  const reads: string[] = [];
  const readGuestImage = (name: string) => {
    reads.push(name);
    return Promise.resolve(image);
  };
  const found = await inspectKernel({ ...contextWithResponses({}), metro, readGuestImage }, olds, news, "template.");
  return { ...found, reads, properties: (found.failures ?? []).map(({ property }) => property) };
}

describe("what a preview says about the kernel of an image", () => {
  const stateDir = process.env["UNIKERNEL_STATE_DIR"];
  let folder: string;
  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-no-daemon-"));
    process.env["UNIKERNEL_STATE_DIR"] = folder;
  });
  after(async () => {
    if (stateDir === undefined) delete process.env["UNIKERNEL_STATE_DIR"];
    else process.env["UNIKERNEL_STATE_DIR"] = stateDir;
    await fs.rm(folder, { recursive: true });
  });

  it("is the least memory, with the arithmetic", async () => {
    const { failures } = await inspect(LINUX, workload({ memoryMb: 128 }));
    assert.deepEqual(failures, [
      {
        code: "INPUT_INVALID",
        property: "template.memoryMb",
        reason:
          "The guest needs 207 MiB of memory (72 for the kernel + 2.1 × 64.0 for its root file system), but gets 128. Set memoryMb to 207 or more.",
      },
    ]);
    assert.deepEqual((await inspect(UNIKRAFT, workload({ memoryMb: 87 }))).properties, ["template.memoryMb"]);
    assert.deepEqual((await inspect(UNIKRAFT, workload({ memoryMb: 88 }))).properties, []);
  });

  it("counts no memory for the EROFS root file system of Linux, which is on a disk", async () => {
    const image = { ...LINUX, initrd: { bytes: 512 * MIB, isErofs: true } };
    assert.deepEqual((await inspect(image, workload({ memoryMb: 80 }))).properties, []);
    assert.deepEqual((await inspect(image, workload({ memoryMb: 79 }))).properties, ["template.memoryMb"]);
  });

  it("is what does not fit on the command line of a Unikraft kernel", async () => {
    const long = await inspect(UNIKRAFT, workload({ env: { PEM: "s".repeat(4100) } }));
    assert.deepEqual(long.properties, ["template.env"]);
    assert.match(long.failures?.[0]?.reason ?? "", /has 41\d\d bytes \(volumes \d+, env \d+, args \d+\)/);
    assert.deepEqual((await inspect(UNIKRAFT, workload({ args: Array(61).fill("x") }))).properties, ["template.args"]);
    assert.deepEqual((await inspect(LINUX, workload({ env: { PEM: "s".repeat(4100) } }))).properties, []);
  });

  it("is what needs an agent in the guest, which a Unikraft kernel does not have", async () => {
    const when = "*-*-* 03:00:00";
    const schedules = [
      { name: "up", when, action: "start" as const },
      { name: "tidy", when, action: "exec" as const, args: ["tidy"] },
      { name: UNKNOWN as never, when, action: "exec" as const, args: ["tidy"] },
    ];
    const scaleToZero = { policy: "on" as const, cooldownTimeMs: 2_000, notifyTimeMs: 500 };
    const { failures = [] } = await inspect(UNIKRAFT, workload({ schedules, scaleToZero }));
    const why = "a Unikraft kernel runs one program only, and no agent beside it.";
    assert.deepEqual(failures, [
      ...["tidy", "2"].map((name, index) => ({
        code: "NOT_SUPPORTED",
        property: `template.schedules[${index + 1}].action`,
        reason: `Schedule '${name}' cannot run a command in the instance: ${why} Use another action, or an image with the runtime linux:latest.`,
      })),
      {
        code: "NOT_SUPPORTED",
        property: "template.scaleToZero.notifyTimeMs",
        reason: `The program cannot be warned 500 ms before standby: ${why} Set this time to 0, or use an image with the runtime linux:latest.`,
      },
    ]);
    const before = workload();
    assert.deepEqual((await inspect(UNIKRAFT, workload({ schedules }), before)).properties.length, 2);
    assert.deepEqual((await inspect(LINUX, workload({ schedules, scaleToZero }))).properties, []);
    for (const accepted of [
      { scaleToZero: { ...scaleToZero, policy: "off" as const } },
      { scaleToZero: { policy: "on" as const } },
      { scaleToZero: { ...scaleToZero, notifyTimeMs: UNKNOWN as never } },
      { scaleToZero: UNKNOWN as never, schedules: UNKNOWN as never },
    ])
      assert.deepEqual((await inspect(UNIKRAFT, workload(accepted))).properties, []);
  });

  it("is what a kernel cannot mount, read or route", async () => {
    const news = workload({ volumes, env: { A: "1" } });
    assert.deepEqual((await inspect(NATIVE, news)).properties, ["template.env", "template.volumes"]);
    const roms = [{ name: "r", at: "/rom", image: "rom" }] as never;
    const { failures = [] } = await inspect(UNIKRAFT, workload({ roms }));
    assert.deepEqual([failures[0]?.code, failures[0]?.property], ["NOT_SUPPORTED", "template.roms"]);
  });

  it("is that Linux cannot mount an ephemeral volume for several writers", async () => {
    const ephemeralVolumes = [{ at: "/data", sizeMb: 8, filesystem: "virtiofs", accessMode: "rwx" }] as never;
    const { failures = [] } = await inspect(LINUX, workload({ ephemeralVolumes }));
    assert.deepEqual(
      failures.map(({ code, property }) => [code, property]),
      [["NOT_SUPPORTED", "template.ephemeralVolumes[0].accessMode"]],
    );
    assert.deepEqual((await inspect(UNIKRAFT, workload({ ephemeralVolumes }))).properties, []);
  });

  it("is that an image is for another architecture, or has no kernel", async () => {
    const arm = { ...LINUX, platform: { os: "qemu", architecture: "arm64" } };
    assert.match((await inspect(arm, workload())).failures?.[0]?.reason ?? "", /built for qemu\/arm64, not for x86_64/);
    assert.match((await inspect({ ...LINUX, kernel: undefined }, workload())).failures?.[0]?.reason ?? "", /no kernel/);
    const other = { ...LINUX, kernel: { kind: undefined, parameters: undefined } };
    assert.match((await inspect(other, workload())).failures?.[0]?.reason ?? "", /no boot protocol/);
  });

  it("leaves out what is not known yet", async () => {
    const unknown = UNKNOWN as never;
    for (const news of [
      { args: unknown, env: unknown, volumes: unknown, memoryMb: unknown, roms: unknown, networkInterfaces: unknown },
      { args: ["/server", UNKNOWN], env: { A: UNKNOWN }, volumes: [{ volume: UNKNOWN, at: UNKNOWN, readonly: false }] },
    ])
      for (const image of [LINUX, UNIKRAFT, NATIVE])
        assert.deepEqual((await inspect(image, workload(news))).properties, []);
    for (const image of [undefined, unknown])
      assert.deepEqual((await inspect(LINUX, { memoryMb: 16, image })).reads, [], "no image to look at");
  });

  it("is nothing for an image that is not built yet, in another metro, or when nothing of it changes", async () => {
    const small = workload({ memoryMb: 16 });
    assert.deepEqual((await inspect(undefined, small)).properties, []);
    assert.deepEqual(await inspect(LINUX, small, undefined, "fra0"), {
      ...{ information: [], warnings: [], reads: [], properties: [] },
    });
    assert.deepEqual((await inspect(LINUX, small, { ...small, tags: ["a"] })).reads, []);
    assert.deepEqual((await inspect(LINUX, small, workload())).properties, ["template.memoryMb"]);
    const readGuestImage = () => Promise.reject(new Error("The registry does not respond."));
    const context = { ...contextWithResponses({}), metro: "local", readGuestImage };
    const found = await inspectKernel(context, undefined, small, "");
    assert.deepEqual(found, { information: [], warnings: [] });
  });

  it("is that it sleeps in memory, once, and only for a kernel that mounts folders", async () => {
    const news = workload({ volumes, scaleToZero: { policy: "on", stateful: true } });
    assert.match((await inspect(UNIKRAFT, news)).information.join(), /sleeps in memory/);
    assert.deepEqual((await inspect(LINUX, news)).information, []);
    assert.deepEqual((await inspect(UNIKRAFT, { ...news, memoryMb: 300 }, news)).information, []);
    const { scaleToZero: _none, ...awake } = news;
    assert.match((await inspect(UNIKRAFT, news, awake)).information.join(), /sleeps in memory/);
  });
});
