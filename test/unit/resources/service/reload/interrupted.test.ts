/** A reload that ends before all replicas have the new configuration, and what is known of them then. */
import assert from "node:assert/strict";
import { ResourceInitFailedError } from "../../../../../provider/definition/initFailed";
import type { ProviderContext } from "../../../../../provider/resources/context";
import { service } from "../../../../../provider/resources/service/resource";
import { FakeServiceGroup, SERVICE } from "../../../../support/fakeServiceGroup";
import { type Inputs, ReloadedService, type State, checkedInputs } from "../../../../support/reloadedService";
import { contextWithClient } from "../../../../support/resourceContext";

interface Sent {
  readonly uuid: string;
  readonly path: string;
  readonly timeout_ms: number;
}
type Answer = { readonly http_status: number; readonly body?: string } | { readonly problem: string };

describe("a reload that is interrupted", () => {
  let cluster: FakeServiceGroup;
  let context: ProviderContext;
  let web: ReloadedService;
  let sent: Sent[];
  let printed: string[];
  let stop: AbortController;
  let answer: (request: Sent) => Answer | Promise<Answer>;
  beforeEach(() => {
    cluster = new FakeServiceGroup();
    cluster.features = ["member-requests", "readiness-probe", "rotation", "groups-without-ports"];
    [sent, printed, stop] = [[], [], new AbortController()];
    answer = () => ({ http_status: 200 });
    const requestInstances = async ({ body: [request] }: { body: [Sent] }) => {
      sent.push(request);
      return { items: [{ status: "success", uuid: request.uuid, name: request.uuid, ...(await answer(request)) }] };
    };
    Object.assign(cluster.client, { requestInstances, metro: "local" });
    const base = contextWithClient(cluster.client, cluster.clock);
    context = { ...base, printProgress: (line) => void printed.push(line), stopRequest: stop.signal };
    web = new ReloadedService(cluster, context);
  });

  const inputsOf = (reloadOn: readonly unknown[] | undefined, more: object = {}): Promise<Inputs> => {
    return checkedInputs({
      ...{ ports: [{ port: 80, destinationPort: 8080, handlers: ["http"] }], reloadOn },
      template: { image: `oci://registry.test/web@sha256:${"1".repeat(64)}` },
      reload: reloadOn === undefined ? undefined : { path: "/reload", headers: { "X-Key": "two  spaces" } },
      ...more,
    });
  };
  const failing = async (promise: Promise<unknown>) => {
    const error: unknown = await promise.catch((e: unknown) => e);
    assert.ok(error instanceof ResourceInitFailedError, String(error));
    const left = { inputs: error.outputs, outputs: error.outputs } as unknown as State;
    return { error, left };
  };

  for (const [what, refuse] of [
    ["accepted it and fails its gate since", ({ path }: Sent) => ({ http_status: path === "/hello" ? 500 : 200 })],
    ["never answered", () => ({ problem: "closed the connection without a response to /reload" })],
  ] as const)
    it(`reloads a replica that ${what} again, also with the program reverted`, async () => {
      const rollout = { healthyWithinMs: 5_000, gate: { path: "/hello", failureThreshold: 2, intervalMs: 100 } };
      const before = await web.create(await inputsOf(["a"], { rollout }));
      answer = refuse;
      const { left } = await failing(service.update(context, SERVICE.uuid, before, await inputsOf(["b"], { rollout })));
      answer = () => ({ http_status: 200 });
      sent.length = 0;
      const reverted = await inputsOf(["a"], { rollout });
      assert.match(
        service.describeUpdate?.(left.inputs, reverted, left.outputs)[0] ?? "",
        /^finish the reload: 1 of 3 still has/,
      );
      await service.update(context, SERVICE.uuid, left, reverted);
      assert.deepEqual(
        sent.filter(({ path }) => path === "/reload").map(({ uuid }) => uuid),
        [[...cluster.instances.keys()][0]],
      );
      assert.deepEqual(web.configurations(), web.marks(["a"]));
    });

  for (const [what, waiting] of [
    ["a replica that is not able to reload yet", {}],
    ["a service that nobody reaches", { scope: "group" }],
  ] as const)
    it(`ends within seconds of Ctrl-C while it waits for ${what}`, async () => {
      // Nobody listens there.
      const ports = [{ port: 1, destinationPort: 8080 }];
      const more = { ports, reload: { path: "/reload", port: 8080, ...waiting } };
      cluster.group = { domains: [{ fqdn: "web.localhost" }] };
      const before = await web.create(await inputsOf(["a"], more));
      answer = () => ({ http_status: 503 });
      const beganMs = cluster.nowMs;
      cluster.onChange = () => {
        if (cluster.nowMs > beganMs + 2_000) stop.abort();
      };
      const { error } = await failing(service.update(context, SERVICE.uuid, before, await inputsOf(["b"], more)));
      assert.match(error.message, /was cancelled before its next step/);
      assert.ok(cluster.nowMs - beganMs < 10_000, `${cluster.nowMs - beganMs} ms`);
      assert.equal(cluster.locks.size, 0);
    });

  it("ends within seconds of Ctrl-C while a reloaded replica must stay ready", async () => {
    const rollout = { stableForMs: 600_000 };
    const before = await web.create(await inputsOf(["a"]));
    let beganMs = Infinity;
    answer = () => {
      beganMs = cluster.nowMs;
      return { http_status: 200 };
    };
    cluster.onChange = () => {
      if (sent.length > 0) stop.abort();
    };
    const { error } = await failing(service.update(context, SERVICE.uuid, before, await inputsOf(["b"], { rollout })));
    assert.match(error.message, /was cancelled before its next step/);
    assert.ok(cluster.nowMs - beganMs < 10_000, `${cluster.nowMs - beganMs} ms`);
  });

  it("asks no replica any more once it has failed and released its lock", async () => {
    const rollout = { maxUnavailable: 2 };
    const before = await web.create(await inputsOf(["a"], { rollout }));
    const [first] = [...cluster.instances.keys()];
    let locksAtEnd = -1;
    answer = async ({ uuid }) => {
      if (uuid === first) throw new TypeError("a fault of this program");
      await new Promise((resolve) => setTimeout(resolve, 20));
      locksAtEnd = cluster.locks.size;
      return { http_status: 200 };
    };
    await assert.rejects(service.update(context, SERVICE.uuid, before, await inputsOf(["b"], { rollout })));
    assert.equal(locksAtEnd, 1, "the other request of the batch ended under the lock");
  });

  it("prints no secret of the program, whatever an endpoint returns of it", async () => {
    const reloadOn = [{ password: "hunter2-of-the-store" }];
    const env = { KEY: "-----BEGIN KEY-----\nAbC\n-----END KEY-----" };
    const template = { image: `oci://registry.test/web@sha256:${"1".repeat(64)}`, env };
    const before = await web.create(await inputsOf(["a"], { template }));
    answer = () => ({ http_status: 403, body: `key two  spaces\r\n${env.KEY}\n${JSON.stringify(reloadOn)}` });
    await failing(service.update(context, SERVICE.uuid, before, await inputsOf(reloadOn, { template })));
    const line = printed.find((one) => one.includes("answered the reload with")) ?? "";
    assert.match(line, /\[secret\]/);
    for (const secret of ["hunter2", "spaces", "AbC"]) assert.ok(!line.includes(secret), line);
  });

  it("announces nothing for replicas that have had this configuration all along", async () => {
    const before = await web.create(await inputsOf(["a"]));
    const without = await inputsOf(undefined);
    const outputs = await service.update(context, SERVICE.uuid, before, without);
    const again = await inputsOf(["a"]);
    assert.deepEqual(service.describeUpdate?.(without, again, outputs), []);
    await service.update(context, SERVICE.uuid, { inputs: without, outputs }, again);
    assert.deepEqual(sent, []);
  });

  it("survives a clock that is set back by an hour", async () => {
    const before = await web.create(await inputsOf(["a"], { replicas: 1 }));
    let backMs = 0;
    context = { ...context, clock: { ...cluster.clock, now: () => cluster.nowMs - backMs } };
    answer = () => {
      backMs = 3_600_000;
      return sent.length < 3 ? { http_status: 503 } : { http_status: 200 };
    };
    await service.update(context, SERVICE.uuid, before, await inputsOf(["b"], { replicas: 1 }));
    assert.ok(
      sent.every(({ timeout_ms: ms }) => ms <= 300_000),
      JSON.stringify(sent),
    );
  });
});
