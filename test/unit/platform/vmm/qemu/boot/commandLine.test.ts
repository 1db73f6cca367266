import assert from "node:assert/strict";
import { DEFAULT_NETWORK, vmNetworkOf } from "../../../../../../provider/platform/network/addresses";
import { buildCommandLine } from "../../../../../../provider/platform/vmm/qemu/boot/commandLine";
import type { VmSpec } from "../../../../../../provider/platform/vmm/vmm";

const spec = (more: Partial<VmSpec> = {}): VmSpec => ({
  uuid: "0123abcd-0000-4000-8000-000000000000",
  hostname: "web",
  kernel: "/k",
  initrd: "/i",
  args: ["/server"],
  env: {},
  memoryMb: 128,
  vcpus: 1,
  network: vmNetworkOf(DEFAULT_NETWORK, "172.16.0.16"),
  disks: [],
  roms: [],
  annotations: {},
  ...more,
});
const disks = [
  { file: "/a", at: "/data", readonly: false },
  { file: "/b", at: "/conf", readonly: true },
];

describe("the command line of a Unikraft kernel", () => {
  it("has network, file systems, variables and arguments in kraft's format", () => {
    const line = buildCommandLine(
      spec({ args: ["/server", "-p", "80"], env: { A: "1", B: "2" }, disks }),
      "multiboot",
      true,
    );
    assert.deepEqual(line, {
      append:
        "netdev.ip=172.16.0.16/16:172.16.0.1:172.16.0.2::web: " +
        'vfs.fstab=[ "initrd0:/:extract::ramfs=1:" "disk0:/data:ext4:::mkmp" "disk1:/conf:ext4:ro::mkmp" ] ' +
        'env.vars=[ "A=1" "B=2" ] -- /server -p 80',
      file: undefined,
    });
  });

  it("quotes only what contains spaces or quotes", () => {
    const { append } = buildCommandLine(spec({ args: ["a b", 'say "hi"', "", "plain,x=1"] }), "multiboot", true);
    assert.ok(append.endsWith(' -- "a b" "say \\"hi\\"" "" plain,x=1'), append);
  });

  it("is rejected when something does not fit, with the name of its property but not its value", () => {
    const tooLong = { args: ["x".repeat(4096)] };
    const tooMany = { args: Array.from({ length: 61 }, () => "x") };
    const variables = { env: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`V${i}`, "secret"])) };
    const lines = { env: { PEM: "secret\nsecret" } };
    for (const [more, property] of [
      [tooLong, "args"],
      [tooMany, "args"],
      [variables, "env"],
      [lines, "env.PEM"],
    ] as const) {
      assert.throws(
        () => buildCommandLine(spec(more), "multiboot", true),
        (error: Error & { code?: unknown; property?: unknown }) =>
          error.code === "INPUT_INVALID" && error.property === property && !error.message.includes("secret"),
      );
    }
  });
});

describe("the command line of the Linux guest", () => {
  it("contains short arguments, with escapes for what would break a quoted word", () => {
    const { append, file } = buildCommandLine(spec({ args: ["/s", 'a "b"\\\n', "ü $x"], disks }), "pvh", true);
    assert.equal(file, undefined);
    assert.ok(append.endsWith(' -- /s "a \\x22b\\x22\\x5c\\x0a" "ü $x"'), append);
    assert.ok(append.includes(' vfs.fstab=[ "disk0:/data:ext4:::mkmp" "disk1:/conf:ext4:ro::mkmp" ] '), append);
  });

  it("never contains variables, because every user can list it", () => {
    const { append, file } = buildCommandLine(spec({ env: { TOKEN: "secret" } }), "pvh", true);
    assert.ok(!append.includes("secret"));
    assert.match(file ?? "", /env\.vars=\[ "TOKEN=secret" \] -- \/server$/);
  });

  it("moves to a file when it is too long or has too many words for the kernel", () => {
    for (const args of [["x".repeat(2000)], Array.from({ length: 28 }, () => "x")]) {
      const { append, file } = buildCommandLine(spec({ args }), "bzimage", true);
      assert.ok(append.length < 200);
      assert.ok(file?.endsWith(` -- ${args.join(" ")}`));
    }
  });

  it("disables ACPI only for a single, emulated processor", () => {
    assert.match(buildCommandLine(spec(), "pvh", true).append, / acpi=off /);
    assert.doesNotMatch(buildCommandLine(spec({ vcpus: 2 }), "pvh", true).append, /acpi/);
    assert.doesNotMatch(buildCommandLine(spec(), "pvh", false).append, /acpi/);
  });

  it("is rejected for values that Linux cannot pass to a program", () => {
    for (const more of [
      { args: [] },
      { args: ["a\0b"] },
      { args: ["a=b"] },
      { args: ["/s", "x".repeat(131_072)] },
      { env: { BIG: "x".repeat(131_072) } },
      { disks: [{ file: "/a", at: "/da:ta", readonly: false }] },
      { disks: [{ file: "/a", at: "data", readonly: false }] },
    ]) {
      assert.throws(() => buildCommandLine(spec(more), "pvh", true), { code: "INPUT_INVALID" });
    }
  });
});
