import assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import type { ProviderContext } from "../../../../../provider/resources/context";
import { service } from "../../../../../provider/resources/service/resource";
import { FakeServiceGroup, SERVICE } from "../../../../support/fakeServiceGroup";
import { type Inputs, ReloadedService, checkedInputs } from "../../../../support/reloadedService";
import { contextWithClient } from "../../../../support/resourceContext";

describe("a service whose replicas tell each other to reload, in a metro that reaches none alone", () => {
  let cluster: FakeServiceGroup;
  let context: ProviderContext;
  let web: ReloadedService;
  let server: http.Server;
  let port: number;
  /** Of each request: the method, path, key and host, and how many replicas were awake. */
  let received: string[];
  let statuses: number[];
  beforeEach(async () => {
    cluster = new FakeServiceGroup();
    context = contextWithClient(cluster.client, cluster.clock);
    web = new ReloadedService(cluster, context);
    [received, statuses] = [[], []];
    server = http.createServer(({ method, url, headers }, response) => {
      const awake = cluster.items().filter(({ state }) => state === "running").length;
      received.push([method, url, headers["x-key"], headers.host, awake].join(" "));
      response.writeHead(statuses.shift() ?? 200).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
    cluster.group = { domains: [{ fqdn: "web.localhost" }] };
  });
  afterEach(() => void server.close());

  const inputsOf = (reloadOn: readonly unknown[]): Promise<Inputs> => {
    const reload = { path: "/tyk/reload/group", headers: { "X-Key": "s3cret" }, scope: "group" };
    return checkedInputs({
      ...{ ports: [{ port, destinationPort: 8080 }], reloadOn, reload },
      template: { image: `oci://registry.test/web@sha256:${"1".repeat(64)}` },
    });
  };

  it("wakes all, and sends one request through the service", async () => {
    const before = await web.create(await inputsOf(["a"]));
    const news = await inputsOf(["b"]);
    assert.deepEqual(service.describeUpdate?.(before.inputs, news, before.outputs), [
      "reload 3 replicas by GET /tyk/reload/group, one request for all",
    ]);
    assert.deepEqual((await service.inspectInputs?.(context, before.inputs, news))?.failures, undefined);
    const [first, , third] = [...cluster.instances.values()];
    for (const held of [first, third]) if (held !== undefined) held.override = { state: "standby", stop_reason: 32 };
    await service.update(context, SERVICE.uuid, before, news);
    assert.deepEqual(received, ["GET /tyk/reload/group s3cret web.localhost 3"]);
    assert.deepEqual(web.configurations(), web.marks(["b"]));
  });

  it("repeats a status from 500 on, fails at another one, and marks none then", async () => {
    const before = await web.create(await inputsOf(["a"]));
    statuses = [502, 503, 403];
    await assert.rejects(
      service.update(context, SERVICE.uuid, before, await inputsOf(["b"])),
      /failed at the request through the service: \/tyk\/reload\/group returned HTTP 403, after 3 attempts\. 0 of 3 replicas/,
    );
    assert.equal(received.length, 3);
    assert.deepEqual(
      web.configurations(),
      Array(3).fill(undefined),
      "nobody knows what an endpoint does before it refuses",
    );
  });
});
