/** Ports 443 and 80 of a user that may not listen on them, with the kernel's own permission check and curl as the client. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";

const execFile = promisify(childProcess.execFile);
const SCENARIO = path.join(__dirname, "../../support/unprivilegedPorts.ts");
const NOBODY = 65534;

describe("ports 443 and 80 of a user that may not listen on them", () => {
  it("are open on 8443 and 8080, which the API, URLs and redirects say", async function () {
    // Only root may become another user and make a network of its own, in which nobody else uses these ports.
    if (process.getuid?.() !== 0) return this.skip();
    const asNobody = `ip link set lo up && exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups "$@"`;
    const command = ["--net", "sh", "-c", asNobody, "sh", process.execPath, "--require", "tsx/cjs", SCENARIO];
    const { stdout } = await execFile("unshare", command, { timeout: 60_000 });
    const found = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(found, {
      uid: NOBODY,
      services: [
        { port: 443, destination_port: 80, protocol: "tcp", handlers: ["tls", "http"], host_port: 8443 },
        { port: 80, destination_port: 443, protocol: "tcp", handlers: ["http", "redirect"], host_port: 8080 },
      ],
      url: "https://shop.localhost:8443",
      instanceUrl: "https://shop.localhost:8443",
      served: "shop-1",
      redirected: "shop-1 https://shop.localhost:8443/x?y",
      other: "Port 8443 stands in for port 443, on which this user may not listen; use another port",
      busy: "Port 443 needs a privilege that this user lacks, and port 8443, which stands in for it, is already in use; free port 8443, publish another port, or lower net.ipv4.ip_unprivileged_port_start",
    });
  });
});
