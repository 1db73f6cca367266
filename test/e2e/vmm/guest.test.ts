import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { writeCpio } from "../../../provider/image/cpio/write";
import { Lab, fetchText, waitForResponse } from "./lab";

/** Prints each argument as one line of base64, which the console cannot change. */
const PRINT_ARGS = 'for a; do printf %s "$a" | base64 | tr -d "\\n"; echo " <"; done';
const printed = (console: string): string[] =>
  [...console.matchAll(/^(\S*) <$/gm)].map((match) => Buffer.from(match[1] ?? "", "base64").toString());

const HARD = [
  "",
  " ",
  "a b",
  `it's "quoted"`,
  "$HOME `id` $(id) \\n \\x41 \\",
  "Grüße 🚀",
  "*",
  "--",
  "]",
  "x=[ 1 ]",
  "%s%n",
  "a\tb\nc",
];

describe("the test guest on QEMU", function () {
  this.timeout(60_000);
  let lab: Lab;
  before(async function () {
    this.timeout(180_000);
    lab = await Lab.open();
  });
  after(() => lab.close());

  it("boots, is ready once its server listens, and serves", async () => {
    const vm = await lab.start(lab.script("sleep 2; exec httpd -f -p 8080 -h /www"));
    const signal = AbortSignal.timeout(60_000);
    await vm.started;
    assert.equal(await vm.probePort(8080, signal), false);
    await waitForResponse(vm, 8080);
    assert.equal(await vm.probePort(8081, signal), false);
    assert.equal(await fetchText(vm, 8080), "hello from the guest\n");
    await vm.stop({ graceMs: 0 });
  });

  it("passes arguments verbatim and hides them from the process list", async () => {
    const args = [...HARD, "s3cr3t-never-listed"];
    const spec = lab.script(PRINT_ARGS, {}, ...args);
    const vm = await lab.start(spec);
    const listed = await fs.readFile(`/proc/${vm.pid}/cmdline`, "utf8");
    assert.ok(listed.includes(spec.uuid));
    assert.ok(!listed.includes("s3cr3t"));
    await vm.exited;
    assert.deepEqual(printed(await lab.console(spec)), args);
  });

  it("passes arguments verbatim that exceed a kernel command line", async () => {
    const args = [...HARD, "long ".repeat(2000), ...Array.from({ length: 60 }, (_, i) => `arg ${i}`)];
    const spec = lab.script(PRINT_ARGS, {}, ...args);
    await (
      await lab.start(spec)
    ).exited;
    assert.deepEqual(printed(await lab.console(spec)), args);
  });

  it("passes variables verbatim and hides them from the process list", async () => {
    const env = {
      PLAIN: "value",
      EMPTY: "",
      HARD: HARD.join("|"),
      PEM: "-----BEGIN-----\nAB+/=\n-----END-----\n",
      quiet: "not a kernel parameter",
      LONG: "0123456789".repeat(3000),
      PATH: "/own:/bin:/usr/bin",
      SECRET: "s3cr3t-never-listed",
    };
    const spec = lab.script("env -0 | base64 | tr -d '\\n'; echo ' <'; sleep 600", { env });
    const vm = await lab.start(spec);
    await vm.started;
    const listed = await fs.readFile(`/proc/${vm.pid}/cmdline`, "utf8");
    assert.ok(listed.includes(spec.uuid));
    assert.ok(!listed.includes(env.SECRET));
    await lab.untilConsole(spec, / <$/m);
    const guestVariables = (printed(await lab.console(spec))[0] ?? "").split("\0").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)] as const;
    });
    const passed = Object.fromEntries(guestVariables.filter(([name]) => name in env));
    assert.deepEqual(passed, env);
    await vm.stop({ graceMs: 0 });
  });

  it("passes variables whose names no shell accepts, and only those given", async () => {
    const spec = lab.spec(["env"], { env: { "dotted.name-x": "odd" } });
    await (
      await lab.start(spec)
    ).exited;
    const console = await lab.console(spec);
    assert.match(console, /^dotted\.name-x=odd$/m);
    assert.doesNotMatch(console, /^(console|BOOT_IMAGE|TERM|acpi)=/m);
  });

  it("lets programs that run as another user open the names of their output, also later and in the background", async () => {
    const child = "exec >/dev/stdout; id -u; (sleep 0.2; echo late >/dev/stdout; echo wrong >/dev/stderr)";
    const spec = lab.script(`su nobody -s /bin/sh -c '${child}'; ls -l /dev/vsock`);
    assert.deepEqual(await (await lab.start(spec)).exited, { kind: "exited", exitCode: 0 });
    const console = await lab.console(spec);
    for (const expected of [/^65534\r?\nlate\r?\nwrong\r?$/m, /^crw-rw-rw- +1 root +root +10, /m])
      assert.match(console, expected);
  });

  it("sets hostname, name server, route and working directory", async () => {
    const spec = lab.script("hostname; cat /etc/resolv.conf; ip route; pwd", { hostname: "web-1" });
    await (
      await lab.start(spec)
    ).exited;
    const console = await lab.console(spec);
    for (const expected of [/^web-1$/m, /^nameserver 172\.16\.0\.2$/m, /^default via 172\.16\.0\.1 /m, /^\/$/m]) {
      assert.match(console, expected);
    }
  });

  it("has the requested number of processors", async () => {
    const spec = lab.script("nproc", { vcpus: 2 });
    assert.deepEqual(await (await lab.start(spec)).exited, { kind: "exited", exitCode: 0 });
    assert.match(await lab.console(spec), /^2$/m);
  });

  it("keeps a volume across two VMs, writable and then read-only", async () => {
    const file = await lab.disk("keep.ext4");
    const first = lab.script("echo kept > /data/deep/note", { disks: [{ file, at: "/data/deep", readonly: false }] });
    assert.deepEqual(await (await lab.start(first)).exited, { kind: "exited", exitCode: 0 });
    const text = "cat /data/note; echo x > /data/note; echo status $?";
    const second = lab.script(text, { disks: [{ file, at: "/data", readonly: true }] });
    assert.deepEqual(await (await lab.start(second)).exited, { kind: "exited", exitCode: 0 });
    assert.match(await lab.console(second), /^kept\n[^]*Read-only file system[^]*^status 1$/m);
  });

  it("identifies disks by their position in the list", async () => {
    const [a, b] = [await lab.disk("a.ext4"), await lab.disk("b.ext4")];
    const write = lab.script("echo A > /a/name; echo B > /b/name", {
      disks: [
        { file: a, at: "/a", readonly: false },
        { file: b, at: "/b", readonly: false },
      ],
    });
    await (
      await lab.start(write)
    ).exited;
    const read = lab.script("cat /1/name /2/name", {
      disks: [
        { file: b, at: "/1", readonly: true },
        { file: a, at: "/2", readonly: false },
      ],
    });
    await (
      await lab.start(read)
    ).exited;
    assert.match(await lab.console(read), /^B\nA$/m);
  });

  it("finds ROMs, annotations and its own files together, with ROMs from files or from an archive", async () => {
    const archive = path.join(lab.folder, "rom.cpio");
    const content = { bytes: Buffer.from("from the archive\n") };
    await writeCpio(new Map([["deep/note", { type: "file", mode: 0o644, content }]]), archive);
    const spec = lab.script("cat /etc/app/conf /opt/deep/note /unikernel/annotations.json /www/index.html; echo $KEY", {
      roms: [
        { at: "/etc/app", files: new Map([["conf", Buffer.from("inline\n")]]) },
        { at: "/opt", archive },
      ],
      annotations: { "example.org/team": "x" },
      env: { KEY: "kept" },
    });
    assert.deepEqual(await (await lab.start(spec)).exited, { kind: "exited", exitCode: 0 });
    const console = await lab.console(spec);
    for (const line of ["inline", "from the archive", "hello from the guest", "kept"]) {
      assert.match(console, new RegExp(`^(\\{.*\\})?${line}$`, "m"));
    }
    assert.match(console, /\{"example\.org\/team":"x"\}/);
  });

  it("reports the reason when a disk cannot be mounted", async () => {
    const file = path.join(lab.folder, "noise.ext4");
    await fs.writeFile(file, Buffer.alloc(1024 * 1024, 7));
    const spec = lab.script("sleep 600", { disks: [{ file, at: "/data", readonly: false }] });
    const exit = await (await lab.start(spec)).exited;
    assert.equal(exit.kind, "panicked");
    assert.match(exit.kind === "panicked" ? exit.detail : "", /cannot be mounted at '\/data'/);
    assert.deepEqual(await lab.vmm.postMortem(spec.uuid), exit);
  });
});
