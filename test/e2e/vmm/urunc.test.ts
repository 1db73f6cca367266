/**
 * A GatewayImage as containerd and urunc would run it: skopeo chooses the entry for the node's platform, tar unpacks its layers, and QEMU
 * boots what `/urunc.json` names with the parameters of urunc 0.7.0.
 */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { buildImage } from "../../../provider/image/build/buildImage";
import { planBuild } from "../../../provider/image/build/planBuild";
import { resolveRuntime } from "../../../provider/image/resolveRuntime";
import { runTool } from "../../support/foreignTools";
import { eventually } from "../../support/kubernetes/eventually";
import { httpGet } from "../../support/loadGenerator";
import { freePort } from "../../support/freePorts";

const KRAFTFILE = `spec: v0.7
runtime: linux:latest
rootfs: ./rootfs
cmd: ["/bin/sh", "/serve"]
`;
/** Serves one page until it is asked to stop, and writes a variable and a name server to the log. */
const SERVE = `#!/bin/sh
echo "level $LEVEL, name server $(cat /etc/resolv.conf)"
busybox httpd -p 8080 -h /www
while [ ! -e /www/cgi-bin/stopped ]; do sleep 0.2; done
`;
const STOP = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\nstopping'\n: >/www/cgi-bin/stopped\n";

interface Manifest {
  readonly layers: readonly { readonly digest: string; readonly mediaType: string }[];
}

describe("an image that urunc boots, on QEMU", function () {
  this.timeout(180_000);
  let folder: string;
  const at = (name: string): string => path.join(folder, name);

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-urunc-"));
    for (const name of ["app/rootfs/www/cgi-bin", "scratch", "node"]) await fs.mkdir(at(name), { recursive: true });
    await fs.writeFile(at("app/Kraftfile"), KRAFTFILE);
    await fs.writeFile(at("app/rootfs/serve"), SERVE);
    await fs.writeFile(at("app/rootfs/www/index.html"), "from a node\n");
    await fs.writeFile(at("app/rootfs/www/cgi-bin/stop"), STOP, { mode: 0o755 });
    const plan = await planBuild({ context: at("app"), name: "site", scratch: at("scratch") });
    await buildImage(plan, { layout: at("images"), repository: "site", resolveRuntime });
    const node = ["--insecure-policy", "--override-os", "linux", "--override-arch", "amd64"];
    runTool("skopeo", [...node, "copy", "--quiet", `oci:${at("images")}:site:latest`, `dir:${at("pulled")}`]);
    const { layers } = JSON.parse(await fs.readFile(at("pulled/manifest.json"), "utf8")) as Manifest;
    for (const { digest, mediaType } of layers) {
      assert.equal(mediaType, "application/vnd.oci.image.layer.v1.tar");
      runTool("tar", ["-xf", at(`pulled/${digest.slice("sha256:".length)}`), "-C", at("node")]);
    }
  });
  after(() => fs.rm(folder, { recursive: true, force: true }));

  it("serves with the variables and the address that the pod has, logs to the first port, and turns off at the end", async () => {
    const description = JSON.parse(await fs.readFile(at("node/urunc.json"), "utf8")) as Record<string, string>;
    const fileOf = (key: string): string =>
      at(`node${Buffer.from(description[`com.urunc.unikernel.${key}`] ?? "", "base64").toString()}`);
    const port = await freePort();
    // Source: urunc 0.7.0, pkg/unikontainers/unikernels/unikraft.go, `CommandString`.
    const parameters =
      "Unikraft  env.vars=[ PATH=/usr/sbin:/usr/bin:/sbin:/bin LEVEL=debug ] netdev.ip=10.0.2.15/24:10.0.2.2:10.96.0.10   " +
      'vfs.fstab=[ "initrd0:/:extract:::" ] -- /bin/sh /serve';
    // Source: pkg/unikontainers/hypervisors/qemu.go, without KVM, and with a network that needs no rights.
    const qemu = childProcess.spawn(
      "qemu-system-x86_64",
      [
        ...["-m", "256M", "-cpu", "max", "-display", "none", "-vga", "none", "-monitor", "null"],
        ...["-serial", "stdio", "-smp", "1", "-kernel", fileOf("binary"), "-initrd", fileOf("initrd")],
        ...["-netdev", `user,id=net0,hostfwd=tcp:127.0.0.1:${port}-:8080`, "-device", "virtio-net-pci,netdev=net0"],
        ...["-append", parameters],
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    try {
      let log = "";
      qemu.stdout.on("data", (chunk: Buffer) => (log += chunk.toString()));
      const ended = new Promise((resolve) => qemu.once("exit", resolve));
      const page = await eventually(
        "the page",
        () => httpGet(`http://127.0.0.1:${port}/`).catch(() => undefined),
        120_000,
      );
      assert.deepEqual(page, { status: 200, body: "from a node\n" });
      assert.match(log, /level debug, name server nameserver 10\.96\.0\.10/);
      await httpGet(`http://127.0.0.1:${port}/cgi-bin/stop`);
      assert.equal(await ended, 0);
    } finally {
      qemu.kill("SIGKILL");
    }
  });
});
