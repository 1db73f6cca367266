/**
 * What a volume promises on the local platform, on real VMs: filled from a folder, written, grown, shared, cut off, exported. The last test
 * prints the table.
 */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { lendFolder } from "../../../provider/base/runFolder";
import { localPaths } from "../../../provider/base/localPaths";
import { assertFileSystemSound } from "../../support/disks";
import { type Stack, assertSucceeded } from "../../support/engine";
import { LocalPlatform, eventually, findProcessesOf } from "../../support/localPlatform";
import { TestProject } from "../../support/project";

/** Reports what it found, writes one file that reaches the disk and one that need not, and stays. */
const SCRIPT = [
  "cd /data",
  "cat hello.txt sub/inner.txt",
  "ls -l run.sh | cut -c1-10,15-26",
  'count=$(($(cat count 2>/dev/null || echo 0) + 1)); echo "$count" >count; sync',
  'echo "boot $count"',
  "exec sleep 100000",
].join("\n");

describe("files of a volume, from pulumi up to an export", function () {
  this.timeout(600_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  const table: [what: string, seen: string][] = [];
  let ids: Record<"data" | "user", string>;

  before(async () => {
    platform = await LocalPlatform.open();
    project = await TestProject.copy("examples/quickstart");
    stack = project.stack({});
    await project.write("data/hello.txt", "hello\n");
    await project.write("data/sub/inner.txt", "inner\n");
    await project.write("data/run.sh", "#!/bin/sh\n");
    await fs.chmod(path.join(project.folder, "data/run.sh"), 0o750);
    await project.write(
      "app/Kraftfile",
      'spec: v0.6\nruntime: linux:latest\nrootfs: ./rootfs\ncmd: ["/bin/sh", "/main.sh"]\n',
    );
    await project.write("app/rootfs/main.sh", `${SCRIPT}\n`);
  });
  after(async () => {
    await stack.destroy();
    await project.remove();
    await platform.close();
  });

  const program = (sizeMb: number, { contentFrom = "./data", writers = 1 } = {}) =>
    project.write(
      "index.ts",
      `import * as unikernel from "pulumi-unikernel";
       const image = new unikernel.GatewayImage("app", { context: "./app" });
       const data = new unikernel.Volume("data", { sizeMb: ${sizeMb}, contentFrom: ${JSON.stringify(contentFrom)}, allowRestart: true });
       const users = Array.from({ length: ${writers} }, (_, index) => new unikernel.Instance("user" + index, {
         image, memoryMb: 96, restartPolicy: "always", volumes: [{ volume: data.id, at: "/data" }],
       }));
       export const dataId = data.id;
       export const userId = users[0].id;`,
    );
  const consoleOf = (uuid: string) => platform.readConsole(uuid);
  const disk = (): string => path.join(localPaths().volumesDir, `${ids.data}.ext4`);
  const stop = async (): Promise<void> => {
    await platform.client.stopInstances({ body: [{ uuid: ids.user }] });
    const query = { uuid: [ids.user], state: ["stopped" as const], timeout_s: [60] };
    await platform.client.waitInstances({ query }, { serverWaitMs: 60_000 });
  };

  it("a preview refuses a folder that does not exist, and files that do not fit leave no volume", async () => {
    await program(64, { contentFrom: "./nowhere" });
    const refused = await stack.preview();
    assert.equal(refused.succeeded, false);
    assert.match(refused.output, /nowhere' does not exist\. Use the path of a folder/);
    await project.write("data/big", Buffer.alloc(9 * 2 ** 20).toString("latin1"));
    await program(8);
    const failed = await stack.up();
    assert.equal(failed.succeeded, false);
    assert.match(failed.output, /The files have 9 MiB; they do not fit into the volume of 8 MiB.*Increase sizeMb/);
    assert.deepEqual((await platform.client.getVolumes({})).items, []);
    await fs.rm(path.join(project.folder, "data/big"));
  });

  it("the guest finds the files, with their permissions, owned by root", async () => {
    await program(64);
    const { outputs } = assertSucceeded(await stack.up());
    ids = { data: String(outputs["dataId"]), user: String(outputs["userId"]) };
    await eventually("it has booted once", async () => (await consoleOf(ids.user)).includes("boot 1"), 60_000);
    const lines = (await consoleOf(ids.user)).split(/\r?\n/);
    for (const line of ["hello", "inner"]) assert.ok(lines.includes(line), lines.join("\n"));
    assert.ok(
      lines.some((line) => /^-rwxr-x---.*root/.test(line)),
      lines.join("\n"),
    );
    table.push(["fill", "3 files and 1 folder, with their permissions, owned by root"]);
  });

  it("a second writer is refused", async () => {
    await program(64, { writers: 2 });
    const refused = await stack.up();
    assert.equal(refused.succeeded, false);
    assert.match(refused.output, /is attached to instance 'user0/);
    await program(64);
    assertSucceeded(await stack.up());
    table.push(["two writers", "the second is refused, with the name of the first"]);
  });

  it("a VM killed by SIGKILL keeps what it has synced, and starts again", async () => {
    const before = await findProcessesOf(platform.folder);
    const qemu = before.find(({ command }) => command.includes("qemu-system"));
    assert.ok(qemu !== undefined, JSON.stringify(before));
    process.kill(qemu.pid, "SIGKILL");
    await eventually("it has booted again", async () => (await consoleOf(ids.user)).includes("boot 2"), 60_000);
    table.push(["SIGKILL", "the synced file is there after the restart: boot 2"]);
  });

  it("it grows with its files", async () => {
    await program(96);
    assertSucceeded(await stack.up());
    await eventually("it has booted again", async () => (await consoleOf(ids.user)).includes("boot 3"), 60_000);
    const { size } = await fs.stat(disk());
    assert.equal(size, 96 * 2 ** 20);
    table.push(["grow", "64 to 96 MiB, and the files are there: boot 3"]);
  });

  it("its files are exported once nobody writes, and the file system is sound", async () => {
    const out = path.join(project.folder, "out");
    await fs.mkdir(out);
    const exportTo = () =>
      lendFolder(localPaths(), out, async (id) => {
        const { items } = await platform.client.exportVolumes({ body: [{ uuid: ids.data, folder: id }] });
        return items[0];
      });
    const refused = await exportTo();
    assert.match(refused?.message ?? "", /is mounted by instance 'user0.*: .* cannot be copied( to it)?$/);
    await stop();
    const { entries, skipped } = (await exportTo()) ?? {};
    assert.deepEqual([entries, skipped], [5, []]);
    assert.equal(await fs.readFile(path.join(out, "count"), "utf8"), "3\n");
    await fs.rm(path.join(out, "count"));
    const { stdout } = childProcess.spawnSync("diff", ["-r", path.join(project.folder, "data"), out], {
      encoding: "utf8",
    });
    assert.equal(stdout, "");
    assertFileSystemSound(disk());
    table.push(["export", "5 entries, equal to the folder by diff -r, and the guest's own file"], ["fsck", "clean"]);
  });

  it("prints what was seen", () => {
    for (const [what, seen] of table) console.log(`      ${what.padEnd(12)} ${seen}`);
    assert.deepEqual(table.map(([what]) => what).sort(), ["SIGKILL", "export", "fill", "fsck", "grow", "two writers"]);
  });
});
