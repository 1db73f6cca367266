import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { createBaseTree, createErofsFiles } from "../../../../provider/image/runtime/baseTree";
import { parseKernelPackage } from "../../../../provider/image/runtime/debianPackages";
import { getOrBuildLinuxRuntime } from "../../../../provider/image/runtime/linuxRuntime";
import {
  COMMAND_MODULE,
  CONTROL_FILE_MODULES,
  EROFS_MODULES,
  KERNEL_MODULES,
  VSOCK_MODULES,
} from "../../../../provider/image/runtime/kernelModules";

const NO_BYTES = { bytes: Buffer.alloc(0) };

describe("the runtime linux:latest", () => {
  it("uses the kernel package that the meta package depends on", () => {
    const text = "linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-9-cloud-amd64\n";
    assert.equal(parseKernelPackage(text), "linux-image-6.1.0-9-cloud-amd64");
    assert.equal(parseKernelPackage("linux-image-cloud-amd64\n"), undefined);
  });

  it("has an init, modules in dependency order, and links to busybox", () => {
    const content = { bytes: Buffer.from("x") };
    const modules = new Map(
      [...KERNEL_MODULES, COMMAND_MODULE, ...VSOCK_MODULES, ...CONTROL_FILE_MODULES].map((module) => [module, content]),
    );
    const tree = createBaseTree({ busybox: content, applets: ["bin/sh", "usr/bin/env"], modules });
    const init = tree.get("init");
    assert.equal(init?.type === "file" ? init.mode : 0, 0o755);
    for (const link of ["bin/sh", "usr/bin/env", "bin/busybox"]) {
      const entry = tree.get(link);
      assert.equal(entry?.type, "symlink");
      const target = entry?.type === "symlink" ? entry.target : "";
      assert.equal(path.posix.join(path.posix.dirname(link), target), "unikernel/busybox");
    }
    const erofs = createErofsFiles({ modules: new Map(EROFS_MODULES.map((module) => [module, content])) });
    const list = erofs.get("unikernel/modules/erofs");
    assert.ok(list?.type === "file" && "bytes" in list.content);
    // modinfo -F depends erofs: libcrc32c
    assert.equal(Buffer.from(list.content.bytes).toString(), "libcrc32c.ko\nerofs.ko\noverlay.ko\n");
    const vsock = tree.get("unikernel/modules/vsock");
    assert.ok(vsock?.type === "file" && "bytes" in vsock.content);
    // modinfo -F depends vsock_loopback: vmw_vsock_virtio_transport_common,vsock
    const vsockNames = Buffer.from(vsock.content.bytes).toString();
    assert.equal(vsockNames, "vsock.ko\nvmw_vsock_virtio_transport_common.ko\nvsock_loopback.ko\n");
    const names = KERNEL_MODULES.map((module) => path.posix.basename(module, ".ko"));
    // modinfo -F depends
    for (const [module, ...needed] of [
      ["virtio", "virtio_ring"],
      ["virtio_pci", "virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev"],
      ["net_failover", "failover"],
      ["virtio_net", "virtio", "virtio_ring", "net_failover"],
      ["virtio_blk", "virtio", "virtio_ring"],
    ]) {
      for (const other of needed) assert.ok(names.indexOf(other) < names.indexOf(module ?? ""), `${other} < ${module}`);
    }
  });

  it("has the links that programs expect in /dev", () => {
    const modules = new Map(
      [...KERNEL_MODULES, COMMAND_MODULE, ...VSOCK_MODULES, ...CONTROL_FILE_MODULES].map((name) => [name, NO_BYTES]),
    );
    const tree = createBaseTree({ busybox: NO_BYTES, applets: [], modules });
    // runtime-spec, config-linux.md, "Dev symbolic links"
    for (const [name, target] of [
      ["fd", "/proc/self/fd"],
      ["stdin", "/proc/self/fd/0"],
      ["stdout", "/proc/self/fd/1"],
      ["stderr", "/proc/self/fd/2"],
    ])
      assert.deepEqual(tree.get(`unikernel/dev/${name}`), { type: "symlink", target });
  });

  it("reports the missing command on a system without apt", async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-runtime-"));
    const before = process.env["PATH"];
    process.env["PATH"] = folder;
    try {
      const build = getOrBuildLinuxRuntime({ folder: path.join(folder, "runtimes"), onProgress: () => undefined });
      await assert.rejects(build, { code: "RUNTIME_UNAVAILABLE", message: /'apt-cache'/ });
      assert.deepEqual(await fs.readdir(path.join(folder, "runtimes")), []);
    } finally {
      process.env["PATH"] = before;
      await fs.rm(folder, { recursive: true });
    }
  });
});
