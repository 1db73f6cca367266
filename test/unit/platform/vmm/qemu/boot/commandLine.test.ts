import assert from "node:assert/strict";
import * as fc from "fast-check";
import { plainInterface, plainNetwork } from "../../../../../support/vmNetwork";
import { buildCommandLine } from "../../../../../../provider/platform/vmm/qemu/boot/commandLine";
import { readCommandLine } from "../../../../../support/unikraftCommandLine";
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
  network: plainNetwork("172.16.0.16"),
  disks: [],
  roms: [],
  annotations: {},
  isSavable: false,
  ...more,
});
const ELFLOADER = { netdev: true, vfs: true, env: true } as const;
const NATIVE = { netdev: false, vfs: false, env: false } as const;
const LINUX = undefined;
const disks = [
  { file: "/a", at: "/data", readonly: false },
  { file: "/b", at: "/conf", readonly: true },
];

describe("the command line of a Unikraft kernel", () => {
  it("has network, file systems, variables and arguments in kraft's format", () => {
    const line = buildCommandLine(spec({ args: ["/server", "-p", "80"], env: { A: "1", B: "2" }, disks }), ELFLOADER);
    assert.deepEqual(line, {
      append:
        "netdev.ip=172.16.0.16/16:172.16.0.1:172.16.0.2::web: " +
        'vfs.fstab=[ "initrd0:/:extract::ramfs=1:" "fs0:/data:9pfs:::mkmp" "fs1:/conf:9pfs:::mkmp" ] ' +
        '"env.vars=A=1" "env.vars=B=2" -- /server -p 80',
      file: undefined,
    });
  });

  it("has one parameter per network card, and no routes to single networks", () => {
    const cards = [plainInterface("10.1.0.1", 24), plainInterface("10.2.0.1", 24)];
    const ofCards = (...interfaces: typeof cards) =>
      spec({ args: ["/a"], network: { ...plainNetwork("10.1.0.1"), interfaces } });
    assert.equal(
      buildCommandLine(ofCards(...cards), ELFLOADER).append.split(" vfs.fstab=")[0],
      "netdev.ip=10.1.0.1/24:172.16.0.1:172.16.0.2::web: netdev.ip=10.2.0.1/24:::::",
    );
    const [first] = cards;
    assert.ok(first);
    const routed = { ...first, gateway: "10.1.0.9" };
    assert.match(buildCommandLine(ofCards(routed), ELFLOADER).append, /^netdev\.ip=10\.1\.0\.1\/24:10\.1\.0\.9:/);
    assert.throws(() => buildCommandLine(ofCards({ ...routed, routes: ["10.3.0.0/24"] }), ELFLOADER), {
      code: "INPUT_INVALID",
      property: "networkInterfaces[0].routes",
    });
  });

  it("is rejected for ROMs, which such a kernel cannot unpack", () => {
    const roms = [{ at: "/x", files: new Map([["a", Buffer.from("a")]]) }];
    assert.throws(() => buildCommandLine(spec({ roms }), ELFLOADER), { code: "NOT_SUPPORTED", property: "roms" });
    assert.ok(buildCommandLine(spec({ roms }), LINUX));
  });

  it("quotes only what contains spaces or quotes", () => {
    const { append } = buildCommandLine(spec({ args: ["a b", 'say "hi"', "plain,x=1"] }), ELFLOADER);
    assert.ok(append.endsWith(' -- "a b" "say \\"hi\\"" plain,x=1'), append);
  });

  it("is read by the kernel as it was meant, whatever the values hold", () => {
    const text = fc.string({ unit: fc.constantFrom(..."ab[] \\\"'=-.$ü"), maxLength: 8 });
    const given = fc.record({
      args: fc.array(text.filter(Boolean), { maxLength: 4 }),
      values: fc.array(text, { maxLength: 8 }),
    });
    fc.assert(
      fc.property(given, ({ args, values }) => {
        const env = Object.fromEntries(values.map((value, index) => [`V${index}`, value]));
        const { append } = buildCommandLine(spec({ args, env, disks }), ELFLOADER);
        const read = readCommandLine(append);
        assert.deepEqual(read.args, args);
        assert.deepEqual(
          read.parameters.get("env.vars") ?? [],
          values.map((value, index) => `V${index}=${value}`),
        );
        assert.equal(read.parameters.get("vfs.fstab")?.length, 3);
      }),
    );
  });

  it("would lose variables in a list, as kraft passes them", () => {
    const read = readCommandLine('env.vars=[ "A=x" "C=[ z ]" "D=y" ] -- /server');
    assert.deepEqual(read.parameters.get("env.vars"), ["A=x", "C=[ z "]);
  });

  it("has only the parameters that the kernel takes, and may be empty", () => {
    assert.equal(buildCommandLine(spec({ args: [] }), NATIVE).append, "");
    assert.equal(buildCommandLine(spec({ args: ["-p", "80"] }), NATIVE).append, "-p 80");
    assert.match(buildCommandLine(spec({ args: [] }), ELFLOADER).append, / --$/);
    for (const more of [{ env: { TOKEN: "secret" } }, { disks }]) {
      assert.throws(
        () => buildCommandLine(spec(more), NATIVE),
        (error: Error & { code?: unknown }) => error.code === "INPUT_INVALID" && !error.message.includes("secret"),
      );
    }
  });

  it("is rejected when something does not fit, with the name of its property but not its value", () => {
    const tooLong = { args: ["x".repeat(4096)] };
    const tooMany = { args: Array.from({ length: 61 }, () => "x") };
    const variables = { env: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`V${i}`, "secret"])) };
    const lines = { env: { PEM: "secret\nsecret" } };
    const empty = { args: ["/server", ""] }; // the kernel would drop it
    for (const [more, property] of [
      [tooLong, "args"],
      [tooMany, "args"],
      [variables, "env"],
      [lines, "env.PEM"],
      [empty, "args[1]"],
    ] as const) {
      assert.throws(
        () => buildCommandLine(spec(more), ELFLOADER),
        (error: Error & { code?: unknown; property?: unknown }) =>
          error.code === "INPUT_INVALID" && error.property === property && !error.message.includes("secret"),
      );
    }
  });
});

describe("the command line of the Linux guest", () => {
  it("is in a file, with escapes for what would break a quoted word", () => {
    const { file } = buildCommandLine(spec({ args: ["/s", 'a "b"\\\n', "ü $x"], disks }), LINUX);
    assert.ok(file?.endsWith(' -- /s "a \\x22b\\x22\\x5c\\x0a" "ü $x"'), file);
    assert.ok(file?.includes(' vfs.fstab=[ "disk0:/data:ext4:::mkmp" "disk1:/conf:ext4:ro::mkmp" ] '), file);
  });

  it("shows neither arguments nor variables to other users, who can list it", () => {
    const { append, file } = buildCommandLine(spec({ args: ["/server", "secret"], env: { TOKEN: "secret" } }), LINUX);
    assert.ok(!append.includes("secret"));
    assert.ok(append.length < 200);
    assert.match(file ?? "", /env\.vars=\[ "TOKEN=secret" \] -- \/server secret$/);
  });

  it("leaves ACPI on, without which an idle guest would need a timer every 55 ms", () => {
    assert.doesNotMatch(buildCommandLine(spec(), LINUX).append, /acpi/);
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
      assert.throws(() => buildCommandLine(spec(more), LINUX), { code: "INPUT_INVALID" });
    }
  });
});
