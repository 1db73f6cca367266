import assert from "node:assert/strict";
import { ResourceInitFailedError } from "../../../../../provider/definition/initFailed";
import type { ProviderContext } from "../../../../../provider/resources/context";
import { service } from "../../../../../provider/resources/service/resource";
import { FakeServiceGroup, SERVICE } from "../../../../support/fakeServiceGroup";
import { type Inputs, ReloadedService, type State, checkedInputs } from "../../../../support/reloadedService";
import { contextWithClient } from "../../../../support/resourceContext";

interface Sent {
  readonly uuid: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}
type Answer = { readonly http_status: number; readonly body?: string } | { readonly problem: string };

const RELOAD = { path: "/tyk/reload", method: "POST", headers: { "X-Tyk-Authorization": "s3cret-of-tyk" } };

describe("a service that is reloaded by a request to each replica", () => {
  let cluster: FakeServiceGroup;
  let context: ProviderContext;
  let web: ReloadedService;
  let sent: Sent[];
  let printed: string[];
  /** What a replica answers. */
  let answer: (request: Sent) => Answer;
  beforeEach(() => {
    cluster = new FakeServiceGroup();
    cluster.features = ["member-requests", "readiness-probe", "rotation", "groups-without-ports"];
    [sent, printed] = [[], []];
    answer = () => ({ http_status: 200, body: "{}" });
    const requestInstances = ({ body: [request] }: { body: [Sent] }) => {
      sent.push(request);
      cluster.log.push(`ask ${request.uuid} ${request.path}`);
      const item = { status: "success", uuid: request.uuid, name: request.uuid, ...answer(request) };
      return Promise.resolve({ items: [item], message: undefined });
    };
    Object.assign(cluster.client, { requestInstances, metro: "local" });
    const base = contextWithClient(cluster.client, cluster.clock);
    context = { ...base, printProgress: (line) => void printed.push(line) };
    web = new ReloadedService(cluster, context);
  });

  const inputsOf = (reloadOn: readonly unknown[] | undefined, more: object = {}): Promise<Inputs> => {
    const template = { image: `oci://registry.test/web@sha256:${"1".repeat(64)}` };
    const ports = [{ port: 80, destinationPort: 8080, handlers: ["http"] }];
    const reload = reloadOn === undefined ? undefined : RELOAD;
    return checkedInputs({
      ...{ ports, template, reloadOn, reload },
      ...more,
    });
  };
  const failing = async (promise: Promise<unknown>): Promise<ResourceInitFailedError> => {
    const error: unknown = await promise.catch((e: unknown) => e);
    assert.ok(error instanceof ResourceInitFailedError, String(error));
    return error;
  };

  it("asks each replica once, one after the other, under the lock, and replaces none", async () => {
    const [before, news] = [await web.create(await inputsOf(["a"])), await inputsOf(["b"])];
    assert.equal(sent.length, 0, "new replicas have loaded it");
    assert.deepEqual(web.preview(before, news), ["reload 3 replicas by POST /tyk/reload, one at a time"]);
    const first = web.uuids();
    cluster.log.length = 0;
    printed.length = 0;
    const after = await web.update(before, news);
    assert.deepEqual(
      [printed[0], printed.at(-1)].map((line) => line?.replace(/ \([^)]*\)$/, "")),
      [
        "Service 'web': reload started: 3 of 3 replicas",
        "Service 'web': reload done: 3 of 3 have the new configuration",
      ],
    );
    assert.deepEqual(web.uuids(), first);
    assert.deepEqual(
      cluster.log.map((entry) => entry.replace(/^tag .*/, "tag")),
      ["lock", ...first.flatMap((uuid) => ["tag", `ask ${uuid} /tyk/reload`, "tag"]), "unlock"],
    );
    assert.deepEqual([sent[0]?.method, sent[0]?.headers], ["POST", RELOAD.headers]);
    assert.deepEqual(web.configurations(), web.marks(["b"]));
    assert.deepEqual(
      after.outputs.instances.map(({ configuration }) => configuration),
      web.marks(["b"]),
    );
    assert.deepEqual(web.preview(after, news), []);
    assert.deepEqual((await service.read(context, SERVICE.uuid, news, after.outputs))?.inputs, news);
  });

  it("leaves replicas that a changed template replaces alone, and asks those that stay", async () => {
    const before = await web.create(await inputsOf(["a"], { replicas: 2 }));
    const [old = "", other = ""] = web.uuids();
    const news = await inputsOf(["b"]);
    assert.deepEqual(web.preview(before, news), [
      "launch 1 replica; reload 2 replicas by POST /tyk/reload, one at a time",
    ]);
    await web.update(before, news);
    assert.deepEqual(sent.map(({ uuid }) => uuid).sort(), [old, other].sort());
    sent.length = 0;
    const template = { image: `oci://registry.test/web@sha256:${"2".repeat(64)}` };
    await web.update({ ...before, inputs: news }, await inputsOf(["c"], { template }));
    assert.deepEqual([sent, web.configurations()], [[], web.marks(["c"])]);
  });

  it("fails at the replica that refuses, which it names, and continues with those that are left", async () => {
    const [before, news] = [await web.create(await inputsOf(["a"])), await inputsOf(["b"])];
    const [first = "", second = "", third = ""] = web.uuids();
    answer = ({ uuid }) =>
      uuid === second
        ? { http_status: 403, body: "wrong key s3cret-of-tyk, \n not yours" }
        : { http_status: 200, body: "{}" };
    const error = await failing(web.update(before, news));
    const name = cluster.items().find(({ uuid }) => uuid === second)?.name ?? "";
    assert.ok(
      error.message.includes(
        `Reloading service 'web' failed at instance '${name}': /tyk/reload returned HTTP 403. 1 of 3 replicas have`.replace(
          "replicas have",
          "replicas have",
        ),
      ),
      error.message,
    );
    assert.deepEqual(
      sent.map(({ uuid }) => uuid),
      [first, second],
      "a refusal is not repeated, and the third is left alone",
    );
    assert.ok(
      printed.some((line) => line.endsWith("answered the reload with: wrong key [secret], not yours")),
      printed.join("\n"),
    );
    assert.ok(!JSON.stringify([error.message, error.outputs]).includes("not yours"));
    assert.equal(error.outputs["reloadOn"], undefined);

    const left = { inputs: error.outputs as unknown as Inputs, outputs: error.outputs as unknown as State["outputs"] };
    assert.deepEqual(web.preview(left, news), [
      "finish the reload: 2 of 3 still have the previous configuration; reload 2 replicas by POST /tyk/reload, one at a time",
    ]);
    answer = () => ({ http_status: 200, body: "{}" });
    sent.length = 0;
    await web.update(left, news);
    assert.deepEqual(
      sent.map(({ uuid }) => uuid),
      [second, third],
    );
    assert.deepEqual(web.configurations(), web.marks(["b"]));
  });

  it("repeats what may succeed later, for healthyWithinMs", async () => {
    const rollout = { healthyWithinMs: 10_000 };
    const before = await web.create(await inputsOf(["a"], { replicas: 1, rollout }));
    const news = await inputsOf(["b"], { replicas: 1, rollout });
    const answers: Answer[] = [{ problem: "does not accept connections at port 8080" }, { http_status: 503 }];
    answer = () => answers.shift() ?? { http_status: 200 };
    await web.update(before, news);
    assert.equal(sent.length, 3);
    answer = () => ({ http_status: 500 });
    const beganMs = cluster.nowMs;
    const error = await failing(
      web.update({ ...before, inputs: news }, await inputsOf(["c"], { replicas: 1, rollout })),
    );
    assert.match(error.message, /returned HTTP 500, after \d attempts\. 0 of 1 replica has the new configuration/);
    assert.ok(cluster.nowMs - beganMs <= 10_000, `${cluster.nowMs - beganMs} ms`);
  });

  it("judges the answer by what the program expects", async () => {
    const reload = { ...RELOAD, expect: { match: { "$.status": "ok" } } };
    const before = await web.create(await inputsOf(["a"], { reload }));
    answer = () => ({ http_status: 200, body: '{"status":"error"}' });
    const error = await failing(web.update(before, await inputsOf(["b"], { reload })));
    assert.match(error.message, /\/tyk\/reload did not return "ok" at \$\.status/);
    assert.match(printed.at(-1) ?? "", /^Service 'web': reload failed: Reloading service 'web' failed at /);
  });

  it("fails if a replica does not pass its gate afterwards, or restarts", async () => {
    const rollout = { gate: { path: "/hello", failureThreshold: 2, intervalMs: 100 } };
    const before = await web.create(await inputsOf(["a"], { rollout }));
    answer = ({ path }) => ({ http_status: path === "/hello" ? 500 : 200 });
    const error = await failing(web.update(before, await inputsOf(["b"], { rollout })));
    assert.match(error.message, /it does not pass its gate any more: \/hello returned HTTP 500/);
    const [first, ...others] = web.configurations();
    assert.deepEqual([first, others], [undefined, web.marks(["a"]).slice(1)], "so that it is reloaded again");

    answer = ({ uuid, path }) => {
      const held = cluster.instances.get(uuid);
      if (held !== undefined && path === "/tyk/reload") held.override = { restart_count: 1 };
      return { http_status: 200 };
    };
    const again = await failing(web.update(before, await inputsOf(["b"], { rollout })));
    assert.match(again.message, /it restarted after its reload/);
  });

  it("asks as many at a time as may be missing", async () => {
    const rollout = { maxUnavailable: 2 };
    const before = await web.create(await inputsOf(["a"], { rollout }));
    const news = await inputsOf(["b"], { rollout });
    assert.deepEqual(web.preview(before, news), ["reload 3 replicas by POST /tyk/reload, up to 2 at a time"]);
    answer = () => ({ http_status: 403 });
    await failing(web.update(before, news));
    assert.equal(sent.length, 2);
  });

  it("reloads those whose configuration is not known once, and none for ever after", async () => {
    const before = await web.create(await inputsOf(undefined));
    const news = await inputsOf(["a"]);
    assert.deepEqual(web.preview(before, news), [
      "reload 3 replicas by POST /tyk/reload, one at a time; it is not known which configuration they have now",
    ]);
    const after = await web.update(before, news);
    await web.update(after, news);
    assert.equal(sent.length, 3);
  });

  it("continues after it was killed, with those that are left", async () => {
    const [before, news] = [await web.create(await inputsOf(["a"])), await inputsOf(["b"])];
    const [first = "", second = "", third = ""] = web.uuids();
    answer = ({ uuid }) => {
      if (uuid === second) throw new Error("killed");
      return { http_status: 200 };
    };
    await assert.rejects(web.update(before, news));
    answer = () => ({ http_status: 200 });
    sent.length = 0;
    // A killed update leaves the state of before.
    await web.update(before, news);
    assert.deepEqual(
      sent.map(({ uuid }) => uuid),
      [second, third],
    );
    assert.deepEqual(web.uuids(), [first, second, third]);
  });

  it("is rejected where a metro reaches no single replica, in a preview too", async () => {
    cluster.features = ["groups-without-ports"];
    const [before, news] = [await web.create(await inputsOf(["a"])), await inputsOf(["b"])];
    const expected = /metro '.*' has no way to a single replica; set scope: "group" if one gateway tells the others/;
    const findings = await service.inspectInputs?.(context, before.inputs, news);
    assert.deepEqual(
      findings?.failures?.map(({ property }) => property),
      ["reload.scope"],
    );
    assert.match(findings.failures[0]?.reason ?? "", expected);
    assert.match((await failing(web.update(before, news))).message, expected);
  });
});
