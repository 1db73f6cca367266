/** Every operation of the vendor's document, answered by the local API in the document's own shape. Prints a table. */
import assert from "node:assert/strict";
import { resolveQuotas } from "../../../provider/platform/quota/quotaSettings";
import { makeCertificate } from "../../support/certificates";
import { refResolver, schemaViolations } from "../../support/jsonSchema";
import { freePort } from "../../support/freePorts";
import { documents, responseSchemaOf } from "../../support/openapi";
import { type Item, TestPlatform } from "../../support/testPlatform";

/** What the local API answers beyond the document, each with the reason; one operation of each is enough to name the member. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  previous_state: "the documentation has it for every call that moves an instance",
  hostname: "what a PATCH of the document sets, read back",
  dependencies: "what a PATCH of the document sets, read back",
  state: "reads without details and metrics tell the state, as the vendor's clients expect",
  start_count: "the documentation of metrics has it",
  restart_count: "the documentation of metrics has it",
  started_at: "the documentation of metrics has it",
  stopped_at: "the documentation of metrics has it",
  uptime_ms: "the documentation of metrics has it",
  wakeup_latency: "the documentation of metrics has it",
  wakeup_latency_sum: "the documentation of metrics has it",
  status: "every item has one, those of images too",
  features: "extensions of this platform, in its health",
  readiness_probe: "an extension of this platform",
  readiness: "an extension of this platform",
  rotation: "an extension of this platform",
  type: "policies are flat in the documentation, beside `policy` of the document",
};
/** Members that a flat policy has beside `policy`. */
const FLAT_POLICY = ["name", "enabled", "metric", "adjustment_type", "steps"];

const { paths, components } = documents.metro;
const resolve = refResolver(components.schemas);
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ key: `${method.toUpperCase()} ${path}`, path, operation })),
);

/** The schema of a read, by the key of its items. */
const READ_OPERATIONS: Readonly<Record<string, string>> = {
  instances: "/v1/instances",
  volumes: "/v1/volumes",
  service_groups: "/v1/services",
};

/** True for a member beyond the document that is listed, or that the object has when it is read: a change answers with all of it. */
function isExtension(path: string, violation: string, items: readonly Item[]): boolean {
  const last = /\.(\w+): unknown$/.exec(violation)?.[1] ?? "";
  if (Object.hasOwn(EXTENSIONS, last)) return true;
  if (path.includes("/policies") && FLAT_POLICY.includes(last)) return true;
  const [, dataKey = "", member = ""] = /^\.data\.(\w+)\[\]\.(\w+): unknown$/.exec(violation) ?? [];
  const read = paths[READ_OPERATIONS[dataKey] ?? ""]?.["get"];
  if (read === undefined) return false;
  const whole = { status: "success", data: { [dataKey]: items }, op_time_us: 1 };
  const wrong = schemaViolations(responseSchemaOf(read), whole, resolve);
  return !wrong.some((one) => one.startsWith(`.data.${dataKey}[].${member}`));
}

interface Prepared {
  /** Values of the path's parameters. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
}

describe("every operation of the vendor's document", () => {
  let platform: TestPlatform;
  let userUuid = "";
  let number = 0;
  const rows: string[] = [];
  const certificate = makeCertificate("shop.example.com", ["shop.example.com"]);

  before(async () => {
    platform = await TestPlatform.open();
    await platform.start({ quotas: resolveQuotas({ instances: 500, live_instances: 500 }) });
    userUuid = (await platform.requestItem("GET", "/v1/users/quotas")).uuid;
  });
  after(async () => {
    await platform.close();
    console.log(rows.join("\n"));
  });

  const made = async (target: string, body: unknown): Promise<Item> => {
    const item = await platform.requestItem("POST", target, body);
    assert.equal(item["status"], "success", item.message);
    return item;
  };
  const newName = (): string => `object-${++number}`;
  const instance = (more: object = {}): Promise<Item> =>
    made("/v1/instances", { name: newName(), image: "app:1", ...more });
  const running = (): Promise<Item> => platform.createRunning({ name: newName() });
  const template = async (): Promise<Item> =>
    made("/v1/instances/templates", [{ uuid: (await instance()).uuid, timeout_s: -1 }]);
  const checkpoint = async (): Promise<Item> =>
    made("/v1/instances/checkpoints", [{ from: { uuid: (await instance()).uuid } }]);
  const volume = (): Promise<Item> => made("/v1/volumes", { name: newName(), size_mb: 8 });
  const volumeTemplate = async (): Promise<Item> => made("/v1/volumes/templates", [{ uuid: (await volume()).uuid }]);
  const attached = async (): Promise<Item> => {
    const [one, to] = [await volume(), await instance()];
    await platform.requestItem("PUT", "/v1/volumes/attach", [
      { uuid: one.uuid, attach_to: { uuid: to.uuid }, at: "/a" },
    ]);
    return one;
  };
  const service = async (): Promise<Item> =>
    made("/v1/services", { name: newName(), services: [{ port: await freePort() }] });
  const uploaded = (): Promise<Item> =>
    made("/v1/certificates", { name: newName(), common_name: "shop.example.com", ...certificate });
  const step = { enabled: true, metric: "cpu", adjustment_type: "percentage", steps: [{ adjustment: 50 }] };
  const configuration = async () => ({
    min_size: 1,
    max_size: 2,
    create_args: { template: { uuid: (await template()).uuid } },
  });
  const scaled = async (): Promise<Item> => {
    const one = await service();
    await made(`/v1/services/${one.uuid}/autoscale`, {
      ...(await configuration()),
      policies: [{ name: "load", ...step }],
    });
    return one;
  };

  /** Arguments that name an object in bulk and in the path. */
  const bulk = (item: Item, more: object = {}): Prepared => ({ body: [{ uuid: item.uuid, ...more }] });
  const one = (item: Item, body?: object): Prepared => ({ path: { uuid: item.uuid }, ...(body && { body }) });
  const named = (item: Item, more = ""): Prepared => ({ query: `uuid=${item.uuid}${more}` });
  const tags = { prop: "tags", op: "set", value: ["a"] };
  const url = async (): Promise<string> => String((await platform.requestItem("GET", "/v1/images?tag=app:1"))["url"]);

  const PREPARE: Readonly<Record<string, () => Promise<Prepared>>> = {
    "POST /v1/certificates": async () => ({ body: { common_name: "shop.example.com", ...certificate } }),
    "DELETE /v1/certificates": async () => bulk(await uploaded()),
    "GET /v1/certificates": async () => named(await uploaded()),
    "PUT /v1/certificates": async () => bulk(await uploaded(), certificate),
    "DELETE /v1/certificates/{uuid}": async () => one(await uploaded()),
    "GET /v1/certificates/{uuid}": async () => one(await uploaded()),
    "PUT /v1/certificates/{uuid}": async () => one(await uploaded(), certificate),
    "GET /v1/healthz": async () => ({}),
    "GET /v1/image-store": async () => ({ query: `digest=${encodeURIComponent(await url())}` }),
    "GET /v1/images": async () => ({ query: "tag=app:1" }),
    "POST /v1/images": async () => ({ body: [{ url: "app:1", timeout_s: -1 }] }),
    "DELETE /v1/images": async () => bulk(await made("/v1/images", [{ url: "app:1", timeout_s: 1 }])),
    "POST /v1/instances": async () => ({ body: { name: newName(), image: "app:1", autostart: true, timeout_s: -1 } }),
    "DELETE /v1/instances": async () => bulk(await running()),
    "GET /v1/instances": async () => named(await running()),
    "PATCH /v1/instances": async () => bulk(await instance(), tags),
    "POST /v1/instances/checkpoints": async () => ({
      body: [{ from: { uuid: (await instance()).uuid }, name: newName() }],
    }),
    "DELETE /v1/instances/checkpoints": async () => bulk(await checkpoint()),
    "GET /v1/instances/checkpoints": async () => named(await checkpoint()),
    "PATCH /v1/instances/checkpoints": async () => bulk(await checkpoint(), tags),
    "GET /v1/instances/checkpoints/history": async () => named(await checkpoint()),
    "DELETE /v1/instances/checkpoints/{uuid}": async () => one(await checkpoint()),
    "GET /v1/instances/checkpoints/{uuid}": async () => one(await checkpoint()),
    "PATCH /v1/instances/checkpoints/{uuid}": async () => one(await checkpoint(), tags),
    "GET /v1/instances/checkpoints/{uuid}/history": async () => one(await checkpoint()),
    "GET /v1/instances/history": async () => named(await instance()),
    "GET /v1/instances/log": async () => named(await running(), "&offset=0&limit=10"),
    "GET /v1/instances/metrics": async () => named(await running()),
    "PUT /v1/instances/start": async () => bulk(await instance(), { timeout_s: -1 }),
    "PUT /v1/instances/stop": async () => bulk(await running(), { drain_timeout_ms: 1 }),
    "PUT /v1/instances/suspend": async () => bulk(await running()),
    "POST /v1/instances/templates": async () => bulk(await instance()),
    "DELETE /v1/instances/templates": async () => bulk(await template()),
    "GET /v1/instances/templates": async () => named(await template()),
    "PATCH /v1/instances/templates": async () => bulk(await template(), tags),
    "DELETE /v1/instances/templates/{uuid}": async () => one(await template()),
    "GET /v1/instances/templates/{uuid}": async () => one(await template()),
    "PATCH /v1/instances/templates/{uuid}": async () => one(await template(), tags),
    "GET /v1/instances/wait": async () => named(await running(), "&state=running&timeout_s=-1"),
    "DELETE /v1/instances/{uuid}": async () => one(await instance()),
    "GET /v1/instances/{uuid}": async () => one(await instance()),
    "PATCH /v1/instances/{uuid}": async () => one(await instance(), tags),
    "GET /v1/instances/{uuid}/history": async () => one(await instance()),
    "GET /v1/instances/{uuid}/log": async () => one(await running(), { offset: 0, limit: 10 }),
    "GET /v1/instances/{uuid}/metrics": async () => one(await running()),
    "PUT /v1/instances/{uuid}/start": async () => one(await instance(), { timeout_s: -1 }),
    "PUT /v1/instances/{uuid}/stop": async () => one(await running(), { force: true }),
    "PUT /v1/instances/{uuid}/suspend": async () => one(await running(), {}),
    "GET /v1/instances/{uuid}/wait": async () => one(await running(), { state: "running" }),
    "POST /v1/services": async () => ({
      body: { services: [{ port: await freePort() }], domains: [{ name: newName() }] },
    }),
    "DELETE /v1/services": async () => bulk(await service()),
    "GET /v1/services": async () => named(await scaled()),
    "PATCH /v1/services": async () => bulk(await service(), { prop: "soft_limit", op: "set", value: 2 }),
    "POST /v1/services/autoscale": async () => bulk(await service(), await configuration()),
    "DELETE /v1/services/autoscale": async () => bulk(await scaled()),
    "GET /v1/services/autoscale": async () => named(await scaled()),
    "DELETE /v1/services/{uuid}": async () => one(await service()),
    "GET /v1/services/{uuid}": async () => one(await service()),
    "PATCH /v1/services/{uuid}": async () => one(await service(), { prop: "hard_limit", op: "set", value: 9 }),
    "POST /v1/services/{uuid}/autoscale": async () => one(await service(), await configuration()),
    "DELETE /v1/services/{uuid}/autoscale": async () => one(await scaled()),
    "GET /v1/services/{uuid}/autoscale": async () => one(await scaled()),
    "POST /v1/services/{uuid}/autoscale/policies": async () =>
      one(await scaled(), { name: "more", type: { name: "more", ...step } }),
    "DELETE /v1/services/{uuid}/autoscale/policies": async () => one(await scaled(), { name: "load" }),
    "GET /v1/services/{uuid}/autoscale/policies": async () => one(await scaled()),
    "DELETE /v1/services/{uuid}/autoscale/policies/{name}": async () => ({
      path: { uuid: (await scaled()).uuid, name: "load" },
    }),
    "GET /v1/services/{uuid}/autoscale/policies/{name}": async () => ({
      path: { uuid: (await scaled()).uuid, name: "load" },
    }),
    "GET /v1/users/quotas": async () => ({}),
    "GET /v1/users/{uuid}/quotas": async () => ({ path: { uuid: userUuid } }),
    "POST /v1/volumes": async () => ({ body: { name: newName(), size_mb: 8 } }),
    "DELETE /v1/volumes": async () => bulk(await volume()),
    "GET /v1/volumes": async () => named(await attached()),
    "PATCH /v1/volumes": async () => bulk(await volume(), tags),
    "PUT /v1/volumes/attach": async () =>
      bulk(await volume(), { attach_to: { uuid: (await instance()).uuid }, at: "/a" }),
    "POST /v1/volumes/clone": async () => bulk(await volume(), { vol_name: newName() }),
    "PUT /v1/volumes/detach": async () => bulk(await attached()),
    "POST /v1/volumes/templates": async () => bulk(await volume()),
    "DELETE /v1/volumes/templates": async () => bulk(await volumeTemplate()),
    "GET /v1/volumes/templates": async () => named(await volumeTemplate()),
    "PATCH /v1/volumes/templates": async () => bulk(await volumeTemplate(), tags),
    "DELETE /v1/volumes/templates/{uuid}": async () => one(await volumeTemplate()),
    "GET /v1/volumes/templates/{uuid}": async () => one(await volumeTemplate()),
    "PATCH /v1/volumes/templates/{uuid}": async () => one(await volumeTemplate(), tags),
    "DELETE /v1/volumes/{uuid}": async () => one(await volume()),
    "GET /v1/volumes/{uuid}": async () => one(await volume()),
    "PATCH /v1/volumes/{uuid}": async () => one(await volume(), { prop: "size_mb", op: "set", value: 16 }),
    "PUT /v1/volumes/{uuid}/attach": async () =>
      one(await volume(), { attach_to: { uuid: (await instance()).uuid }, at: "/a" }),
    "POST /v1/volumes/{uuid}/clone": async () => one(await volume(), { vol_name: newName() }),
    "PUT /v1/volumes/{uuid}/detach": async () => one(await attached(), {}),
  };

  it("is asked here", () => {
    assert.deepEqual(Object.keys(PREPARE).sort(), operations.map(({ key }) => key).sort());
  });

  for (const { key, path, operation } of operations)
    it(`answers in its shape: ${key}`, async () => {
      const prepared = (await PREPARE[key]?.()) ?? {};
      const target = path.replace(/\{(\w+)\}/g, (_whole, name: string) => prepared.path?.[name] ?? "");
      const query = prepared.query === undefined ? "" : `?${prepared.query}`;
      const [method = ""] = key.split(" ");
      const { httpStatus, envelope, items } = await platform.api(method, target + query, prepared.body, {
        accept: "application/json",
      });
      const schema = responseSchemaOf(operation);
      const violations = schemaViolations(schema, envelope, resolve).filter((one) => !isExtension(path, one, items));
      const isWhole = violations.length === 0;
      rows.push(
        `${String(envelope["status"]).padEnd(8)} ${httpStatus} ${isWhole ? "shape ok" : violations.join("; ")}  ${key}`,
      );
      assert.deepEqual(violations, []);
      assert.deepEqual([httpStatus, envelope["status"]], [200, "success"], JSON.stringify(envelope));
      if (key !== "GET /v1/healthz") assert.ok(items.length > 0 || path === "/v1/image-store", key);
    });
});
