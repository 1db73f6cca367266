/** Files copied between folders of the host and volumes, checked by the tools of e2fsprogs. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { lendFolder } from "../../../provider/base/runFolder";
import { assertFileSystemSound, readFileInDisk } from "../../support/disks";
import { TestPlatform } from "../../support/testPlatform";

const debugfs = (disk: string, ...commands: string[]): string =>
  childProcess.execFileSync("/usr/sbin/debugfs", ["-w", "-f", "-", disk], {
    encoding: "utf8",
    input: commands.join("\n"),
    stdio: "pipe",
  });

describe("files of a volume", () => {
  let platform: TestPlatform;
  let folder: string;
  let uuid: string;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    folder = path.join(platform.folder, "files");
    await fs.mkdir(folder);
    ({ uuid } = await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 8 }));
  });
  afterEach(() => platform.close());

  const disk = (): string => path.join(platform.paths.volumesDir, `${uuid}.ext4`);
  const copy = (action: "import" | "export", where = folder) =>
    lendFolder(platform.paths, where, (id) =>
      platform.requestItem("PUT", `/v1/volumes/${action}`, [{ uuid, folder: id }]),
    );
  const write = async (file: string, content: string | Buffer, mode = 0o644): Promise<void> => {
    await fs.mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await fs.writeFile(path.join(folder, file), content);
    await fs.chmod(path.join(folder, file), mode);
  };

  it("are imported with their modes, owned by root, and exported as they were", async () => {
    const bytes = crypto.randomBytes(300_000);
    await write("apps/hello.json", "hello\n");
    await write("a name/with 'quotes' \"too\".txt", "quoted", 0o600);
    await write("Grüße 🚀/run.sh", "#!/bin/sh\n", 0o755);
    await write("bytes", bytes);
    await write("-dash", "");
    await fs.mkdir(path.join(folder, "empty"), { mode: 0o700 });
    await fs.symlink("apps/hello.json", path.join(folder, "short"));
    await fs.symlink(`/${"long/".repeat(60)}target`, path.join(folder, "long"));
    const imported = await copy("import");
    assert.deepEqual([imported["status"], imported["entries"], imported["skipped"]], ["success", 11, []]);
    assertFileSystemSound(disk());
    assert.equal(readFileInDisk(disk(), "/apps/hello.json"), "hello\n");
    assert.match(debugfs(disk(), "stat /apps"), /Mode: {2}0755 .*\nGeneration.*\nUser: {5}0 {3}Group: {5}0/);
    assert.match(debugfs(disk(), 'stat "a name/with \'quotes\' ""too"".txt"'), /Mode: {2}0600/);

    const out = path.join(platform.folder, "out");
    await fs.mkdir(out);
    const exported = await copy("export", out);
    assert.deepEqual([exported["status"], exported["entries"], exported["skipped"]], ["success", 11, []]);
    const difference = childProcess.spawnSync("diff", ["-r", "--no-dereference", folder, out], { encoding: "utf8" });
    assert.equal(difference.stdout, "");
    for (const file of ["a name/with 'quotes' \"too\".txt", "Grüße 🚀/run.sh", "empty"]) {
      const modes = await Promise.all([folder, out].map(async (one) => (await fs.stat(path.join(one, file))).mode));
      assert.equal(modes[0], modes[1], file);
    }
    assert.deepEqual(await fs.readdir(platform.paths.volumesDir), [`${uuid}.ext4`], "no copy is left");
    const links = (await fs.readdir(platform.paths.runDir)).filter((name) => name.startsWith("lent-"));
    assert.deepEqual(links, [], "no link is left");
  });

  it("replace files of the same name and leave others", async () => {
    await write("same/kept", "kept");
    await write("same/changed", "old");
    await copy("import");
    await fs.rm(path.join(folder, "same/kept"));
    await write("same/changed", "new");
    const again = await copy("import");
    assert.equal(again["status"], "success", String(again["message"]));
    assertFileSystemSound(disk());
    assert.equal(readFileInDisk(disk(), "/same/kept"), "kept");
    assert.equal(readFileInDisk(disk(), "/same/changed"), "new");
  });

  it("never put a file in place of a folder, or a folder in place of a file", async () => {
    await write("name/inner", "");
    await copy("import");
    await fs.rm(path.join(folder, "name"), { recursive: true });
    await write("name", "");
    assert.match(String((await copy("import"))["message"]), /^'\/name' is a folder in the volume, and a file here\./);
  });

  it("change nothing when they do not fit, and say how much they need", async () => {
    await write("before", "before");
    await copy("import");
    const before = await fs.readFile(disk());
    for (const sizeBytes of [9, 7.9].map((mib) => Math.round(mib * 1024 * 1024))) {
      await write("big", Buffer.alloc(sizeBytes, 1));
      const { error, message = "" } = (await copy("import")) as { error?: number; message?: string };
      assert.notEqual(error, undefined);
      assert.match(message, /^The files have [\d.]+ MiB; they do not fit into the volume of 8 MiB.*Increase sizeMb/);
      assert.ok(before.equals(await fs.readFile(disk())));
    }
  });

  it("name what cannot be copied", async () => {
    childProcess.execFileSync("mkfifo", [path.join(folder, "pipe")]);
    await write("file", "");
    assert.deepEqual((await copy("import"))["skipped"], ["pipe"]);
    await write("line\nbreak", "");
    assert.match(String((await copy("import"))["message"]), /^The name "line\\nbreak" contains a line break/);
  });

  it("need a link in the platform's own folder, not just the token", async () => {
    const ask = (id: string) => platform.requestItem("PUT", "/v1/volumes/export", [{ uuid, folder: id }]);
    assert.match(String((await ask(crypto.randomUUID()))["message"]), /^No folder was lent as /);
    const file = path.join(platform.folder, "a-file");
    await fs.writeFile(file, "");
    const answer = await lendFolder(platform.paths, file, ask);
    assert.match(String(answer["message"]), /is not a folder$/);
    assert.equal((await platform.api("PUT", "/v1/volumes/export", [{ uuid, folder: "../../etc" }])).httpStatus, 400);
    const opened = await lendFolder(platform.paths, folder, async (id) => {
      await fs.chmod(platform.paths.runDir, 0o777);
      return ask(id);
    });
    assert.match(String(opened["message"]), /is open to other users\./);
    await assert.rejects(copy("export"), /is open to other users\./);
    await fs.chmod(platform.paths.runDir, 0o700);
    await write("not empty", "");
    assert.match(String((await copy("export"))["message"]), /is not empty$/);
  });

  it("stay where they are while an instance can write to the volume", async () => {
    const { uuid: reader } = await platform.createRunning({ name: "user", volumes: [{ uuid, at: "/data" }] });
    for (const action of ["import", "export"] as const) {
      const { error, message } = await copy(action);
      assert.equal(error, 15);
      assert.match(String(message), /^Volume 'data' is mounted by instance 'user': .* cannot be copied( to it)?$/);
    }
    await platform.requestItem("PUT", "/v1/instances/stop", [{ uuid: reader }]);
    await platform.requestItem("GET", `/v1/instances/wait?uuid=${reader}&state=stopped&timeout_ms=5000`);
    assert.equal((await copy("import"))["status"], "success");
  });

  it("of a Unikraft kernel are in a folder, which is named", async () => {
    await fs.mkdir(path.join(platform.paths.volumesDir, `${uuid}.folder`));
    for (const action of ["import", "export"] as const) {
      const { error, message } = await copy(action);
      assert.equal(error, 24);
      assert.match(String(message), /in the folder '.*\.folder'; copy them there$/);
    }
  });

  it("of a hostile guest do not leave the folder", async () => {
    const target = path.join(platform.folder, "outside");
    await fs.mkdir(target);
    await write("file", "content");
    await copy("import");
    debugfs(disk(), `symlink out ${target}`, "mkdir folder", "link file folder/again");
    await fs.rm(folder, { recursive: true });
    await fs.mkdir(folder);
    assert.equal((await copy("export"))["status"], "success");
    assert.equal(await fs.readlink(path.join(folder, "out")), target);
    // A name that no kernel would write: its slash is put in place of a letter of the directory's block.
    const bytes = await fs.readFile(disk());
    const at = bytes.lastIndexOf("again");
    bytes.write("../up", at);
    await fs.writeFile(disk(), bytes);
    const out = path.join(platform.folder, "out");
    await fs.mkdir(out);
    const refused = await copy("export", out);
    assert.notEqual(refused["error"], undefined, "the checksum or the name is refused");
    assert.deepEqual(await fs.readdir(target), []);
    assert.equal(await fs.stat(path.join(platform.folder, "up")).catch(() => undefined), undefined);
  });
});
