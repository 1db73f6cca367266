import assert from "node:assert/strict";
import { plainInterface, plainNetwork } from "../../../../../support/vmNetwork";
import { qemuArguments, type QemuArgumentsInput } from "../../../../../../provider/platform/vmm/qemu/boot/arguments";
import { vmFilesOf } from "../../../../../../provider/platform/vmm/qemu/files";

const uuid = "0123abcd-0000-4000-8000-000000000000";
const input = (more: Partial<QemuArgumentsInput> = {}): QemuArgumentsInput => ({
  spec: {
    uuid,
    hostname: "web",
    kernel: "/kernel",
    initrd: "/initrd",
    args: ["/s"],
    env: {},
    memoryMb: 192,
    vcpus: 2,
    network: plainNetwork("172.16.0.16"),
    disks: [{ file: "/vol,1.ext4", at: "/data", readonly: true }],
    roms: [],
    annotations: {},
    isSavable: false,
  },
  capabilities: { machine: "pc-q35-7.2", accelerator: "tcg", sandbox: true },
  kind: "pvh",
  files: vmFilesOf({ runDir: "/run/u,k", instancesDir: "/state/instances" }, uuid),
  initrd: "/initrd",
  rootDisk: undefined,
  append: "quiet -- /s",
  memory: { in: "process" },
  ...more,
});
/** Every value that follows an option. */
const values = (args: readonly string[], option: string): string[] =>
  args.flatMap((arg, index) => (arg === option ? [args[index + 1] ?? ""] : []));

describe("QEMU's arguments", () => {
  it("name the machine by version and disable all default devices", () => {
    const args = qemuArguments(input());
    assert.deepEqual(values(args, "-machine"), ["pc-q35-7.2,hpet=off"]);
    for (const flag of ["-nodefaults", "-no-user-config", "-no-reboot"]) assert.ok(args.includes(flag), flag);
    assert.match(values(args, "-sandbox").join(), /^on,.*spawn=deny/);
    assert.deepEqual(
      values(qemuArguments(input({ capabilities: { ...input().capabilities, sandbox: false } })), "-sandbox"),
      [],
    );
  });

  it("map the guest's memory from a file if it has one", () => {
    const args = qemuArguments(input({ memory: { in: "file", file: "/state/a,b/memory.ram" } }));
    const backend = "memory-backend-file,id=ram,size=192M,mem-path=/state/a,,b/memory.ram,share=on";
    assert.deepEqual(values(args, "-object"), [backend]);
    assert.deepEqual(values(args, "-machine"), ["pc-q35-7.2,hpet=off,memory-backend=ram"]);
  });

  it("leave the guest's memory where clones find it, and let a clone copy what it writes to", () => {
    const memfd = qemuArguments(input({ memory: { in: "memfd" } }));
    assert.deepEqual(values(memfd, "-object"), ["memory-backend-memfd,id=ram,size=192M,share=on"]);
    const clone = qemuArguments(input({ memory: { in: "snapshot", file: "/state/ram" } }));
    assert.deepEqual(values(clone, "-object"), ["memory-backend-file,id=ram,size=192M,mem-path=/state/ram,share=off"]);
    assert.deepEqual(values(qemuArguments(input()), "-object"), []);
  });

  it("go on with the logs, which a restored VM finds", () => {
    const [console, control] = values(qemuArguments(input()), "-chardev");
    assert.match(console ?? "", /,append=on$/);
    assert.match(control ?? "", /,logappend=on$/);
  });

  it("set memory, processors, kernel, command line and initrd", () => {
    const args = qemuArguments(input());
    assert.match(values(args, "-m").join(), /\b192M$/);
    assert.match(values(args, "-smp").join(), /\bcpus=2\b/);
    assert.deepEqual(values(args, "-kernel"), ["/kernel"]);
    assert.deepEqual(values(args, "-append"), ["quiet -- /s"]);
    assert.deepEqual(values(args, "-initrd"), ["/initrd"]);
  });

  it("have no initrd when there is nothing to unpack", () => {
    assert.deepEqual(values(qemuArguments(input({ initrd: undefined })), "-initrd"), []);
  });

  it("give the guest a network card with the hardware address of its network", () => {
    const card = values(qemuArguments(input()), "-device").find((one) => one.startsWith("virtio-net"));
    assert.match(card ?? "", /netdev=card,mac=52:54:00:10:00:10,/);
  });

  it("give it further cards in their order, of which only the first leads to the user network", () => {
    const interfaces = [plainInterface("10.1.0.1", 24), plainInterface("10.2.0.1", 24)];
    const args = qemuArguments(
      input({ spec: { ...input().spec, network: { ...plainNetwork("10.1.0.1"), interfaces } } }),
    );
    const cards = values(args, "-device").filter((one) => one.startsWith("virtio-net"));
    assert.deepEqual(
      cards.map((one) => /netdev=(\w+),mac=([0-9a-f:]+)/.exec(one)?.slice(1)),
      [
        ["card", "52:54:0a:01:00:01"],
        ["card1", "52:54:0a:02:00:01"],
      ],
    );
    const backends = values(args, "-netdev");
    assert.deepEqual(
      backends.map((one) => /^(\w+),id=([\w-]+)/.exec(one)?.[2]),
      ["n0", "uplink", "hub-n0", "hub-uplink", "card", "card1"],
    );
    assert.doesNotMatch(backends[0] ?? "", /dhcpstart/, "QEMU accepts none outside of its subnet");
    assert.match(backends[5] ?? "", /\.nic1$/);
  });

  it("attach a disk under the serial of the command line, read-only if requested", () => {
    const args = qemuArguments(input());
    const backend = JSON.parse(values(args, "-blockdev")[0] ?? "") as Record<string, unknown>;
    assert.equal(backend["read-only"], true);
    assert.deepEqual(backend["file"], { driver: "file", filename: "/vol,1.ext4" });
    const device = values(args, "-device").find((value) => value.startsWith("virtio-blk-pci"));
    assert.match(device ?? "", new RegExp(`drive=${String(backend["node-name"])}\\b.*serial=disk0`));
  });

  it("give a Unikraft kernel a folder over 9p instead of a disk, read-only if requested", () => {
    const args = qemuArguments(input({ kind: "multiboot" }));
    assert.deepEqual(values(args, "-blockdev"), []);
    assert.deepEqual(values(args, "-fsdev"), [
      "local,id=fs0,path=/vol,,1.folder,security_model=mapped-xattr,readonly=on",
    ]);
    assert.ok(values(args, "-device").includes("virtio-9p-pci,fsdev=fs0,mount_tag=fs0"));
  });

  it("use serial ports for console and logged control socket, and add two QMP sockets", () => {
    const args = qemuArguments(input());
    const chardevs = values(args, "-chardev");
    const serials = values(args, "-serial").map((value) => value.replace("chardev:", ""));
    const of = (id: string | undefined): string => chardevs.find((value) => value.includes(`id=${id},`)) ?? "";
    assert.match(of(serials[0]), /^file,.*path=\/state\/instances\/.*console\.log/);
    assert.match(of(serials[1]), /^socket,.*server=on,wait=off,logfile=.*control\.log/);
    assert.equal(values(args, "-mon").length, 2);
    // a comma in a path is doubled
    assert.ok(
      chardevs.filter((value) => value.startsWith("socket")).every((value) => value.includes("path=/run/u,,k/")),
    );
  });

  it("listen on no port, and report guest crashes", () => {
    const args = qemuArguments(input());
    assert.doesNotMatch(values(args, "-netdev").join(), /hostfwd/);
    const devices = values(args, "-device").join(" ");
    assert.match(devices, /pvpanic/);
    // With it QEMU ends without an event when Unikraft crashes.
    assert.doesNotMatch(devices, /isa-debug-exit/);
    assert.match(values(args, "-D").join(), /events\.log$/);
    assert.equal(values(args, "-trace").length, 2);
    assert.match(devices, /virtio-net-pci,[^ ]*romfile=/);
  });

  it("use the host's processor with an accelerator, and one with RDRAND for emulated Unikraft", () => {
    assert.deepEqual(
      values(qemuArguments(input({ capabilities: { ...input().capabilities, accelerator: "kvm" } })), "-cpu"),
      ["host"],
    );
    assert.deepEqual(values(qemuArguments(input({ kind: "multiboot" })), "-cpu"), ["max"]);
  });
});

describe("socket paths of VMs", () => {
  it("fit into a UNIX socket address even in the longest run folder", () => {
    // XDG_RUNTIME_DIR of the largest uid, and macOS's longest temporary folder
    for (const base of ["/run/user/4294967294", "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T"]) {
      const files = vmFilesOf({ runDir: `${base}/unikernel-4294967294-01234567`, instancesDir: "/i" }, uuid);
      const { qmpSocket, monitorSocket, controlSocket, cardSocket, uplinkSocket } = files;
      for (const socket of [qmpSocket, monitorSocket, controlSocket, cardSocket, uplinkSocket]) {
        assert.ok(Buffer.byteLength(socket) < 104, socket); // 107 on Linux, 103 on macOS
      }
    }
  });
});
