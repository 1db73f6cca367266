/** The files of `/uk/libukp` in a real guest on real QEMU, as programs of the cloud use them. */
import assert from "node:assert/strict";
import * as path from "node:path";
import type { ControlFileState, Vm, VmSpec } from "../../../provider/platform/vmm/vmm";
import { Lab } from "./lab";

const NEVER = new AbortController().signal;
const COUNT = "/uk/libukp/scale_to_zero_disable";
const TEMPLATE = "/uk/libukp/template_instance";
const NOTHING: ControlFileState = { staysAwake: false, template: false };

/** What a command in the guest printed, errors included. */
async function shell(vm: Vm, script: string): Promise<string> {
  let text = "";
  const write = (_name: unknown, bytes: Uint8Array): void => void (text += Buffer.from(bytes).toString());
  await vm.run({ args: ["sh", "-c", script], stdin: Buffer.alloc(0), write, signal: NEVER });
  return text.trim();
}

async function untilControlFiles(vm: Vm, expected: ControlFileState): Promise<void> {
  const isThere = (): boolean => JSON.stringify(vm.controlFiles) === JSON.stringify(expected);
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<void>();
    vm.onControlFilesChanged(resolve);
    if (isThere()) return;
    await promise;
  }
}

describe("the files of /uk/libukp in a guest, on QEMU", function () {
  this.timeout(120_000);
  let lab: Lab;
  before(async function () {
    this.timeout(300_000);
    lab = await Lab.open();
  });
  after(() => lab.close());

  describe("scale_to_zero_disable", () => {
    let vm: Vm;
    let spec: VmSpec;
    before(async () => {
      spec = lab.script("exec sleep 100000", { isSavable: true });
      vm = await lab.start(spec);
      await vm.started;
    });

    it("is a count that programs change and read, also in pieces and as another user", async () => {
      assert.equal(await shell(vm, `cat ${COUNT}`), "=0");
      assert.equal(await shell(vm, `echo + >${COUNT}; printf +41 >${COUNT}; cat ${COUNT}`), "=42");
      assert.equal(await shell(vm, `printf - >${COUNT}; dd if=${COUNT} bs=1 2>/dev/null; cat ${COUNT}`), "=41=41");
      assert.equal(
        await shell(vm, `printf =7 >${COUNT}; su -s /bin/sh nobody -c 'echo + >${COUNT}'; cat ${COUNT}`),
        "=8",
      );
      const many = "for i in 1 2 3 4; do (for j in 1 2 3 4 5 6 7 8 9 10; do echo + >$f; done) & done; wait";
      assert.equal(await shell(vm, `f=${COUNT}; ${many}; cat $f`), "=48");
      assert.equal(await shell(vm, `printf =18446744073709551615 >${COUNT}; cat ${COUNT}`), "=18446744073709551615");
    });

    it("refuses what is no change, and what is no count", async () => {
      await shell(vm, `printf =1 >${COUNT}`);
      for (const text of ["x", "=", "=x", "+1x", "++", "1", "=-1"])
        assert.match(await shell(vm, `echo -n '${text}' >${COUNT}`), /Invalid argument/, text);
      for (const text of ["-2", "+18446744073709551615", "=18446744073709551616", "=99999999999999999999"])
        assert.match(await shell(vm, `echo -n '${text}' >${COUNT}`), /out of range/, text);
      assert.equal(await shell(vm, `cat ${COUNT}`), "=1");
    });

    it("has a neighbour, template_instance, that takes nothing but 1", async () => {
      for (const text of ["0", "11", "+"])
        assert.match(await shell(vm, `echo ${text} >${TEMPLATE}`), /Invalid argument/, text);
      assert.deepEqual([await shell(vm, `cat ${TEMPLATE}`), vm.controlFiles.template], ["", false]);
    });

    it("tells the platform, its next daemon included, whether the guest must stay awake", async () => {
      await shell(vm, `printf =0 >${COUNT}`);
      await untilControlFiles(vm, NOTHING);
      await shell(vm, `printf +2 >${COUNT}`);
      await untilControlFiles(vm, { ...NOTHING, staysAwake: true });
      vm.disconnect();
      const next = (await lab.newVmm().adopt(spec)) ?? assert.fail();
      assert.deepEqual(next.controlFiles, { ...NOTHING, staysAwake: true });
      await shell(next, `printf - >${COUNT}; printf - >${COUNT}`);
      await untilControlFiles(next, NOTHING);
      next.disconnect();
    });
  });

  describe("template_instance", () => {
    const ask = `echo before >/dev/console; echo 1 >${TEMPLATE}; echo "after, as $(hostname)" >/dev/console; exec sleep 1000`;
    const start = async (): Promise<Vm> => {
      const vm = await lab.start(lab.script(ask, { hostname: "original" }));
      await untilControlFiles(vm, { ...NOTHING, template: true });
      return vm;
    };

    it("stops the program until it goes on in each clone, with the clone's own name", async () => {
      const vm = await start();
      const snapshot = path.join(lab.folder, "template");
      await vm.pause();
      await vm.capture(snapshot);
      await vm.stop({ graceMs: 0 });
      for (const hostname of ["first", "second"]) {
        const spec = lab.script(ask, { hostname });
        const clone = lab.keep(await lab.vmm.clone(spec, snapshot), spec);
        await lab.untilConsole(spec, new RegExp(`^after, as ${hostname}$`, "m"));
        assert.doesNotMatch(await lab.console(spec), /before/);
        await untilControlFiles(clone, NOTHING);
        await clone.stop({ graceMs: 0 });
      }
    });

    it("lets the program go on where there is no template, and stop in order", async () => {
      const spec = lab.script(ask, { hostname: "original" });
      const vm = await lab.start(spec);
      await untilControlFiles(vm, { ...NOTHING, template: true });
      vm.declineTemplate();
      await lab.untilConsole(spec, /^after, as original$/m);
      await untilControlFiles(vm, NOTHING);
      await vm.stop({ graceMs: 0 });
      const standing = await start();
      assert.deepEqual(await standing.stop({ graceMs: 30_000 }), { kind: "exited", exitCode: 143 });
    });
  });
});
