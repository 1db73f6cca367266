/** Commands in a real guest on real QEMU. */
import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { INIT_SCRIPT } from "../../../provider/image/runtime/initScript";
import type { GuestCommand, Vm, VmSpec } from "../../../provider/platform/vmm/vmm";
import { Lab } from "./lab";

const NEVER = new AbortController().signal;
const MIB = 1024 * 1024;

/** What a command did. */
interface Outcome {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

async function run(vm: Vm, args: readonly string[], more: Partial<GuestCommand> = {}): Promise<Outcome> {
  const output = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const write = (name: "stdout" | "stderr", bytes: Uint8Array): void => void output[name].push(bytes);
  const code = await vm.run({ args, stdin: Buffer.alloc(0), write, signal: NEVER, ...more });
  return { code, stdout: Buffer.concat(output.stdout), stderr: Buffer.concat(output.stderr) };
}
const text = async (vm: Vm, ...args: string[]): Promise<string> => (await run(vm, args)).stdout.toString();
const sha256 = (bytes: Uint8Array): string => crypto.createHash("sha256").update(bytes).digest("hex");

describe("commands in a guest, on QEMU", function () {
  this.timeout(120_000);
  let lab: Lab;
  let spec: VmSpec;
  let vm: Vm;
  before(async function () {
    this.timeout(300_000);
    lab = await Lab.open();
    const env = { PLAIN: "value", ODD: 'a "b" \\ $c\nd' };
    spec = lab.script("echo ready; exec sleep 100000", { env, isSavable: true });
    vm = await lab.start(spec);
    await vm.started;
  });
  after(() => lab.close());

  it("get their arguments as they are, and the instance's variables", async () => {
    const args = [
      "",
      " ",
      "a b",
      "$(reboot) `x` $HOME",
      "*",
      "'",
      '"',
      "\\",
      "\\n\\x41",
      "-e",
      "--",
      "a=b",
      "é\t\n",
      "\x01\x7f",
    ];
    const shown = await text(vm, "sh", "-c", 'for one; do printf "%s\\0" "$one"; done', "sh", ...args);
    assert.deepEqual(shown.split("\0").slice(0, -1), args);
    const variables = (await text(vm, "env", "-0")).split("\0").sort();
    assert.deepEqual(
      variables.filter((one) => !one.startsWith("PATH=")),
      ["", "HOME=/", 'ODD=a "b" \\ $c\nd', "PLAIN=value"],
    );
    assert.equal(await text(vm, "pwd"), "/\n");
  });

  it("exit with the code of their program", async () => {
    for (const [args, code] of [
      [["true"], 0],
      [["sh", "-c", "exit 255"], 255],
      [["sh", "-c", "kill -KILL $$"], 137],
      [["no-such-program"], 127],
      [["/etc/passwd"], 126],
      [["/no/such/file", "x"], 127],
    ] as const)
      assert.equal((await run(vm, args)).code, code, args.join(" "));
    assert.match((await run(vm, ["no-such-program"])).stderr.toString(), /no-such-program.*No such file/);
    await assert.rejects(run(vm, ["A=b"]), { code: "INPUT_INVALID" });
  });

  it("read and write any bytes, each output by itself", async () => {
    const bytes = crypto.randomBytes(MIB);
    const echoed = await run(vm, ["cat"], { stdin: bytes });
    assert.equal(sha256(echoed.stdout), sha256(bytes));
    assert.equal(echoed.stderr.length, 0);
    const both = await run(vm, ["sh", "-c", "tee /proc/self/fd/2 | sha256sum"], { stdin: bytes });
    assert.equal(sha256(both.stderr), sha256(bytes));
    assert.equal(both.stdout.toString(), `${sha256(bytes)}  -\n`);
    assert.equal((await run(vm, ["head", "-c", "1"], { stdin: bytes })).stdout.length, 1, "most of it is not read");
    assert.deepEqual(await run(vm, ["cat"]), { code: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) });
  });

  it("may open their input and output by the names of devices, also once the input has ended", async () => {
    const command = [
      "sh",
      "-c",
      "sleep 1; cat /dev/stdin >/dev/stdout; echo wrong >/dev/stderr; cat /dev/fd/3 3</etc/group",
    ];
    const { code, stdout, stderr } = await run(vm, command, { stdin: Buffer.from("asked\n") });
    assert.deepEqual(
      [code, stdout.toString(), stderr.toString()],
      [0, "asked\nroot:x:0:\nnogroup:x:65534:\n", "wrong\n"],
    );
  });

  it("may open them so when they run as another user", async () => {
    const child = "cat /dev/stdin >/dev/stdout; echo wrong >/dev/stderr";
    const { code, stdout, stderr } = await run(vm, ["su", "nobody", "-s", "/bin/sh", "-c", child], {
      stdin: Buffer.from("asked\n"),
    });
    assert.deepEqual([code, stdout.toString(), stderr.toString()], [0, "asked\n", "wrong\n"]);
  });

  it("may use wget with a time limit, which Debian's busybox crashes on", async () => {
    await run(vm, ["httpd", "-p", "8080", "-h", "/www"]);
    for (const wget of [["wget"], ["busybox", "wget"]]) {
      const url = "http://127.0.0.1:8080/";
      assert.equal(await text(vm, ...wget, "-q", "-T", "3", "-O", "-", url), "hello from the guest\n");
      assert.equal((await run(vm, [...wget, "-q", "-T3", "--spider", `${url}nope`])).code, 1);
    }
  });

  it("run four at once, and a fifth is refused", async () => {
    const stop = new AbortController();
    const ends = Array.from({ length: 4 }, () => run(vm, ["sleep", "1000"], { signal: stop.signal }));
    await assert.rejects(run(vm, ["true"]), { code: "IN_USE", message: /runs 4 commands/ });
    stop.abort(new Error("enough"));
    for (const end of ends) await assert.rejects(end, { message: "enough" });
    assert.deepEqual(await Promise.all(["a", "b", "c", "d"].map((word) => text(vm, "echo", word))), [
      "a\n",
      "b\n",
      "c\n",
      "d\n",
    ]);
  });

  it("are killed with all that they started when nobody waits any more", async () => {
    const command = ["sh", "-c", "sleep 4242 & echo begun; yes"];
    const stop = new AbortController();
    await assert.rejects(run(vm, command, { signal: stop.signal, write: () => stop.abort(new Error("enough")) }));
    while (/sleep 4242|yes/.test(await text(vm, "ps", "-o", "args"))) await delay(50);
  });

  it("leave a program that has its own output, and wait for one that has theirs", async () => {
    assert.equal(await text(vm, "sh", "-c", "sleep 4343 >/dev/null 2>&1 & echo left"), "left\n");
    assert.match(await text(vm, "ps", "-o", "args"), /sleep 4343/);
    assert.equal(await text(vm, "sh", "-c", "(sleep 0.3; echo late) & echo early"), "early\nlate\n");
  });

  it("go on working after the guest slept, in memory and on the disk", async () => {
    await vm.pause();
    await vm.resume();
    assert.equal(await text(vm, "echo", "paused"), "paused\n");
    await vm.pause();
    assert.equal(await vm.save(NEVER), true);
    await assert.rejects(run(vm, ["true"]), { code: "VMM_FAILED" });
    await vm.resume();
    lab.network.replug(spec.uuid, vm);
    assert.equal(await text(vm, "echo", "saved"), "saved\n");
  });

  it("of a daemon that is gone are killed, and the next daemon's run", async () => {
    const stop = new AbortController();
    const lost = run(vm, ["sleep", "4444"], { signal: stop.signal });
    while (!(await text(vm, "ps", "-o", "args")).includes("sleep 4444")) await delay(50);
    stop.abort(new Error("killed")); // the sockets of a killed process are closed
    await assert.rejects(lost);
    vm.disconnect();
    const adopted = await lab.newVmm().adopt(spec);
    assert.ok(adopted !== undefined);
    vm = lab.keep(adopted, spec);
    while ((await text(vm, "ps", "-o", "args")).includes("sleep 4444")) await delay(50);
  });

  it("end with the guest", async () => {
    const ended = assert.rejects(run(vm, ["sleep", "1000"]), { code: "GUEST_STOPPED" });
    await delay(500);
    await vm.stop({ graceMs: 0 });
    await ended;
  });

  it("are refused by a guest whose image is of an earlier release", async () => {
    const older = lab.script("sleep 100000");
    const init = {
      type: "file",
      mode: 0o755,
      content: { bytes: Buffer.from(INIT_SCRIPT.replace("echo exec >&3\n", "")) },
    } as const;
    const plain = await lab.start({ ...older, initrd: await lab.pack(new Map([["init", init]]), "cpio") });
    await plain.started;
    await assert.rejects(run(plain, ["true"]), { code: "NOT_SUPPORTED", message: /built by an earlier release/ });
    await plain.stop({ graceMs: 0 });
  });
});
