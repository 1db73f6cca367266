import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { FakeVmm, type FakeGuest } from "../../../support/fakeVmm";
import { plainNetwork } from "../../../support/vmNetwork";
import type { VmSpec } from "../../../../provider/platform/vmm/vmm";

const spec: VmSpec = {
  uuid: "0123abcd-0000-4000-8000-000000000000",
  hostname: "web",
  kernel: "/k",
  initrd: undefined,
  args: ["/s"],
  env: {},
  memoryMb: 64,
  vcpus: 1,
  network: plainNetwork("172.16.0.16"),
  disks: [],
  roms: [],
  annotations: {},
  isSavable: false,
};
const signal = new AbortController().signal;

describe("the fake VMM", () => {
  let folder: string;
  let vmm: FakeVmm;
  let guest: FakeGuest;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-fake-"));
    vmm = new FakeVmm(folder, () => guest);
  });
  afterEach(async () => {
    vmm.endAll();
    await fs.rm(folder, { recursive: true });
  });

  it("boots a guest that accepts connections on a real port", async () => {
    guest = { bootMs: 5, listenMs: 5, serve: (socket, port) => socket.end(`port ${port}`), console: "booting\n" };
    const vm = await vmm.start(spec);
    assert.equal(await vm.probePort(80, signal), false);
    await vm.started;
    while (!(await vm.probePort(80, signal))) await new Promise((resolve) => setImmediate(resolve));
    const socket = await vm.connect(80, { timeoutMs: 1000, signal });
    assert.equal(socket && (await text(socket)), "port 80");
    assert.equal(await fs.readFile(vmm.consoleLogPath(spec.uuid), "utf8"), "booting\n");
    await vm.pause();
    assert.equal(await vm.probePort(80, signal), false);
    await vm.resume();
    assert.equal(await vm.probePort(80, signal), true);
  });

  it("ends as programmed, when killed from outside, and when stopped", async () => {
    guest = { exits: { afterMs: 1, exit: { kind: "exited", exitCode: 4 } } };
    assert.deepEqual(await (await vmm.start(spec)).exited, { kind: "exited", exitCode: 4 });
    assert.deepEqual(await vmm.postMortem(spec.uuid), { kind: "exited", exitCode: 4 });
    guest = {};
    const crashing = await vmm.start(spec);
    vmm.end(spec.uuid, { kind: "panicked", detail: "oops" });
    assert.deepEqual(await crashing.exited, { kind: "panicked", detail: "oops" });
    assert.equal((await (await vmm.start(spec)).stop({ graceMs: 1 })).kind, "killed");
    guest = { onStop: { kind: "exited", exitCode: 0 } };
    assert.deepEqual(await (await vmm.start(spec)).stop({ graceMs: 60_000 }), { kind: "exited", exitCode: 0 });
  });

  it("lets a running VM be adopted, and removes every file of one that is gone", async () => {
    guest = {};
    const first = await vmm.start(spec);
    first.disconnect();
    const second = await vmm.adopt(spec);
    assert.equal(second?.pid, first.pid);
    await second?.stop({ graceMs: 0 });
    assert.equal(await vmm.adopt(spec), undefined);
    await vmm.removeFiles(spec.uuid);
    assert.deepEqual(await fs.readdir(folder), []);
  });
});
