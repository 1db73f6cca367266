import assert from "node:assert/strict";
import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { CallError, DynamicProcess } from "../../support/dynamicProcess";

/** A metro that answers the requests of `answers` and leaves all others open. */
async function startMetro(answers: (request: http.IncomingMessage) => object | undefined) {
  const requested: string[] = [];
  const server = http.createServer((request, response) => {
    requested.push(`${request.method} ${request.url?.split("?")[0]}`);
    server.emit("requested");
    const data = answers(request);
    if (data === undefined) return;
    response.setHeader("content-type", "application/json").end(JSON.stringify({ status: "success", data }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { server, requested, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("a dynamic provider process that is interrupted", () => {
  it("ends an open request, reports the object that exists, and exits", async () => {
    const volume = { status: "success", uuid: "7d2c1a0e-0000-4000-8000-000000000001", name: "data", size_mb: 16 };
    const isCreate = ({ method }: http.IncomingMessage) => method === "POST";
    const { server, requested, url } = await startMetro((request) =>
      isCreate(request) ? { volumes: [volume] } : request.url?.startsWith("/v1/volumes") === true ? undefined : {},
    );
    const dynamic = await DynamicProcess.start("Volume", { "unikernel:metro": url, "unikernel:token": "t" });
    try {
      const { inputs } = await dynamic.check({}, { name: "data", sizeMb: 16 });
      const created = dynamic.create(inputs).then(
        () => undefined,
        (error: unknown) => error,
      );
      while (!requested.includes("GET /v1/volumes") || !requested.includes("POST /v1/volumes"))
        await once(server, "requested");
      const exitCode = await dynamic.interrupt();
      const error = await created;
      assert.ok(error instanceof CallError, String(error));
      assert.deepEqual([exitCode, error.partial?.id], [130, volume.uuid]);
      assert.match(error.partial?.reasons.join() ?? "", /The operation was cancelled\. Run 'pulumi up' again\./);
    } finally {
      await dynamic.stop();
      server.closeAllConnections();
      server.close();
    }
  });

  it("exits at once when it does nothing", async () => {
    const { server, url } = await startMetro(() => ({}));
    const dynamic = await DynamicProcess.start("Volume", { "unikernel:metro": url, "unikernel:token": "t" });
    try {
      await dynamic.check({}, { name: "data", sizeMb: 16 });
      const beganMs = Date.now();
      assert.equal(await dynamic.interrupt(), 130);
      assert.ok(Date.now() - beganMs < 2_000, "it must not wait for anything");
    } finally {
      await dynamic.stop();
      server.closeAllConnections();
      server.close();
    }
  });
});
