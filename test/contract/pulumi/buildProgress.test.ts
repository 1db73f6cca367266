import assert from "node:assert/strict";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { DynamicProcess } from "../../support/dynamicProcess";

/** Longer than the time for which a build is quiet. */
const SLOW_MS = 2_500;

describe("the output of a build", () => {
  const before = { state: process.env["UNIKERNEL_STATE_DIR"], cache: process.env["UNIKERNEL_CACHE_DIR"] };
  let folder: string;
  let image: DynamicProcess;
  let server: http.Server;
  let delayMs = 0;

  const restore = (name: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "progress-"));
    process.env["UNIKERNEL_STATE_DIR"] = path.join(folder, "state");
    process.env["UNIKERNEL_CACHE_DIR"] = path.join(folder, "cache");
    // A registry that has nothing, and takes its time to say so.
    server = http.createServer((_request, response) => setTimeout(() => response.writeHead(404).end(), delayMs));
    await once(server.listen(0, "127.0.0.1"), "listening");
    image = await DynamicProcess.start("GatewayImage", { "unikernel:metro": "local" });
  });
  afterEach(async () => {
    await image.stop();
    server.closeAllConnections();
    server.close();
    restore("UNIKERNEL_STATE_DIR", before.state);
    restore("UNIKERNEL_CACHE_DIR", before.cache);
    await fs.rm(folder, { recursive: true });
  });

  /** Builds an image on a runtime of the registry, which fails; returns what was printed meanwhile. */
  async function build(): Promise<readonly string[]> {
    const runtime = `127.0.0.1:${(server.address() as AddressInfo).port}/base:latest`;
    await fs.writeFile(path.join(folder, "Kraftfile"), `spec: v0.7\nruntime: ${runtime}\n`);
    const { inputs, failures } = await image.check({}, { name: "shop", context: folder });
    assert.deepEqual(failures, []);
    const printedBefore = image.printed.length;
    await assert.rejects(image.create(inputs), /404/);
    return image.printed.slice(printedBefore).map((line) => line.replace(runtime, "RUNTIME"));
  }

  it("says what a build is doing once it has taken two seconds", async () => {
    delayMs = SLOW_MS;
    assert.deepEqual(await build(), ["Image 'shop': downloading the runtime 'RUNTIME'"]);
  });

  it("stays empty for a build that is quick", async () => {
    delayMs = 0;
    assert.deepEqual(await build(), []);
  });
});
