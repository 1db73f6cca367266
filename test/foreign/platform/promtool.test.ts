/** The metrics of the platform as Prometheus's own linter reads them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { freePort } from "../../support/freePorts";
import { sendHttp, TestPlatform } from "../../support/testPlatform";

describe("promtool", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  after(() => platform.close());

  it("finds nothing to complain about", async () => {
    const services = [{ port: await freePort(), destination_port: 80 }];
    await platform.createRunning({ name: "web", service_group: { name: "front", services } });
    const { url, token } = platform.daemon;
    const { text } = await sendHttp(`${url}/metrics`, "GET", { authorization: `Bearer ${token}` });
    const child = spawn("promtool", ["check", "metrics"]);
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => (printed += chunk));
    child.stdin.end(text);
    const [code] = (await once(child, "close")) as [number];
    assert.deepEqual([code, printed], [0, ""], text);
  });
});
