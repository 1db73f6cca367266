/** The `Host` of a request to the daemon. A web page whose own name leads to the loopback (DNS rebinding) reaches nothing. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import { promisify } from "node:util";
import { RawConnection, rawRequest } from "../../support/rawHttp";
import { TestPlatform } from "../../support/testPlatform";

const execFile = promisify(childProcess.execFile);

describe("a request to the daemon", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  after(() => platform.close());

  /** Status and body of a request with this `Host`. */
  async function ask(host: string, target = "/v1/instances", method = "GET"): Promise<readonly [number, string]> {
    const { url, token } = platform.daemon;
    const connection = await RawConnection.open(url);
    const [reply] = await connection.exchange(rawRequest(method, target, { host, authorization: `Bearer ${token}` }));
    return [reply?.status ?? 0, reply?.body ?? ""];
  }

  it("is answered for a name or address of the loopback, with any port, which a tunnel may change", async () => {
    const { port } = new URL(platform.daemon.url);
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      "LOCALHOST",
      "localhost:8080",
      "127.0.0.1",
      "[::1]:80",
    ])
      assert.equal((await ask(host))[0], 200, host);
  });

  it("is refused for any other name, in the API's error shape, whatever it asks for", async () => {
    for (const host of [
      "evil.example",
      "127.0.0.1.evil.example",
      "localhost.evil.example:80",
      "evil.localhost",
      "192.0.2.1",
      "",
    ]) {
      const [status, body] = await ask(host);
      assert.equal(status, 421, host);
      const { status: outcome, errors } = JSON.parse(body) as { status: string; errors: readonly object[] };
      assert.equal(outcome, "error");
      assert.deepEqual(errors, [
        {
          status: 421,
          error: 14,
          message: "This is the local platform, not the host that the request names; send it to 127.0.0.1 or localhost",
        },
      ]);
    }
    for (const target of ["/metrics", "/dashboard", "/dashboard/link", "/v1/healthz", "/nothing"])
      assert.equal((await ask("evil.example", target))[0], 421, target);
    assert.equal((await ask("evil.example", "/v1/instances", "POST"))[0], 421);
  });

  it("is refused for a name that was rebound to the loopback, as a browser sends it", async () => {
    const { url, token } = platform.daemon;
    const { port } = new URL(url);
    const rebound = ["--resolve", `evil.example:${port}:127.0.0.1`, `http://evil.example:${port}/v1/instances`];
    const curl = async (...args: readonly string[]): Promise<string> =>
      (await execFile("curl", ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", `authorization: Bearer ${token}`, ...args])).stdout; // prettier-ignore
    assert.equal(await curl(...rebound), "421");
    assert.equal(await curl("--http1.0", "-H", "host;", `${url}/v1/instances`), "421", "without any host");
    assert.equal(await curl(`http://localhost:${port}/v1/instances`), "200");
  });
});
