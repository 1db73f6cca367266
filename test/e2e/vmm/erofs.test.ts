/** The Linux guest on an EROFS image: one that this library wrote, and one that mkfs.erofs made of the same tree. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { writeCpio } from "../../../provider/image/cpio/write";
import { Lab, fetchText, waitForResponse } from "./lab";

const run = promisify(execFile);

describe("the test guest on an EROFS image", function () {
  this.timeout(60_000);
  let lab: Lab;
  before(async function () {
    this.timeout(180_000);
    lab = await Lab.open();
  });
  after(() => lab.close());

  /** What a script prints on the console, without carriage returns. */
  const output = async (script: string, more: Parameters<Lab["script"]>[1] = {}): Promise<string> => {
    const spec = lab.script(script, { initrd: lab.erofs, ...more });
    await (
      await lab.start(spec)
    ).exited;
    return (await lab.console(spec)).replaceAll("\r", "");
  };

  it("boots, mounts the image from a disk, and serves from it", async () => {
    const vm = await lab.start(lab.script("exec httpd -f -p 8080 -h /www", { initrd: lab.erofs }));
    await vm.started;
    await waitForResponse(vm, 8080);
    assert.equal(await fetchText(vm, 8080), "hello from the guest\n");
    await vm.stop({ graceMs: 0 });
  });

  it("is extracted by fsck.erofs, and boots from what mkfs.erofs makes of that", async () => {
    const folder = path.join(lab.folder, "extracted");
    const other = path.join(lab.folder, "other.erofs");
    await run("fsck.erofs", [`--extract=${folder}`, lab.erofs]);
    await run("mkfs.erofs", ["-T0", "--all-root", other, folder]);
    assert.match(await output("cat /www/index.html", { initrd: other }), /^hello from the guest$/m);
  });

  it("has a writable root file system, the image's modes, and the program's arguments, variables and ROMs", async () => {
    const archive = path.join(lab.folder, "rom.cpio");
    const file = { type: "file", mode: 0o644, content: { bytes: Buffer.from("from a ROM") } } as const;
    await writeCpio(new Map([["note", file]]), archive);
    const roms = [{ at: "/rom", archive }];
    const script = `
      echo changed >/www/index.html && cat /www/index.html
      stat -c '%a %n' /tmp /init
      grep -c erofs /proc/filesystems
      echo "$SECRET $1"; cat /rom/note; echo
      touch /unikernel/modules/order && ls /unikernel/lower 2>&1 | head -n 1`;
    const spec = lab.script(script, { initrd: lab.erofs, env: { SECRET: "s3cr3t" }, roms }, "word ".repeat(1000));
    const vm = await lab.start(spec);
    assert.deepEqual(await vm.exited, { kind: "exited", exitCode: 0 });
    const lines = (await lab.console(spec)).replaceAll("\r", "").split("\n");
    assert.deepEqual(lines.slice(0, 4), ["changed", "1777 /tmp", "755 /init", "1"]);
    assert.equal(lines[4], `s3cr3t ${"word ".repeat(1000)}`);
    assert.equal(lines[5], "from a ROM");
  });

  it("needs no memory for the content of the image", async () => {
    const big = { type: "file", mode: 0o644, content: { bytes: Buffer.alloc(128 * 2 ** 20, "x") } } as const;
    const image = await lab.pack(new Map([["data/big", big]]), "erofs");
    const script = "wc -c </data/big; sed -n 's/^MemTotal: *//p' /proc/meminfo";
    const text = await output(script, { initrd: image, memoryMb: 96 });
    assert.match(text, /^134217728$/m);
    const archive = await lab.pack(new Map([["data/big", big]]), "cpio");
    await assert.rejects(lab.start(lab.script("true", { initrd: archive, memoryMb: 96 })), {
      code: "INPUT_INVALID",
      property: "memoryMb",
    });
  });

  it("is refused without an init, before anything starts", async () => {
    const image = path.join(lab.folder, "empty.erofs");
    const folder = path.join(lab.folder, "empty");
    await fs.mkdir(folder);
    await run("mkfs.erofs", [image, folder]);
    await assert.rejects(lab.start(lab.script("true", { initrd: image })), { code: "VMM_FAILED", message: /no init/ });
  });
});
