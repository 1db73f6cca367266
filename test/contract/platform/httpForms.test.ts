/** Every operation in every request variant of clients. */
import assert from "node:assert/strict";
import { type Route, routes } from "../../../provider/contract/routes";
import { startRecordingApi, type RecordingApi } from "../../support/recordingApi";
import { sendHttp, TestPlatform } from "../../support/testPlatform";

const UUID = "11111111-1111-4111-8111-111111111111";
const fill = (path: string): string => path.replace("{uuid}", UUID).replace("{name}", "cpu");

/** Required members of an operation, as one item without a selector. */
const NEEDED: Readonly<Record<string, object>> = {
  createInstance: { image: "app:1" },
  createService: { services: [{ port: 1 }] },
  createVolume: { size_mb: 8 },
  createCertificate: { common_name: "example.com", chain: "c", pkey: "k" },
  createCheckpoints: { from: { uuid: UUID } },
  createPolicy: { name: "cpu" },
  deletePolicies: { name: "cpu" },
  updateCertificates: { chain: "c", pkey: "k" },
  patchInstances: { prop: "tags", op: "del" },
  patchTemplates: { prop: "tags", op: "del" },
  patchCheckpoints: { prop: "tags", op: "del" },
  patchVolumes: { prop: "tags", op: "del" },
  patchVolumeTemplates: { prop: "tags", op: "del" },
  patchServices: { prop: "domains", op: "del" },
  pinImages: { url: "app:1", timeout_s: -1 },
  attachVolumes: { attach_to: { uuid: UUID }, at: "/data" },
  importVolumes: { folder: UUID },
  exportVolumes: { folder: UUID },
  requestInstances: { port: 80, path: "/reload", timeout_ms: 1_000 },
};
const ITEMS_WITHOUT_SELECTOR = ["createCheckpoints", "pinImages"];

interface Case {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

const all = Object.entries(routes) as [string, Route][];
const cases: readonly Case[] = all.flatMap(
  ([name, { method, path, singleObjectPath: one, olderEndpoints: older = [], body }]) => {
    const item = NEEDED[name] ?? {};
    const isBulk = body.type === "array";
    const selected = ITEMS_WITHOUT_SELECTOR.includes(name) ? item : { uuid: UUID, ...item };
    const bulk = isBulk ? [selected] : NEEDED[name];
    return [
      ...[{ method, path }, ...older].map((way) => ({ name, method: way.method, path: fill(way.path), body: bulk })),
      ...(one === undefined ? [] : [{ name, method, path: fill(one), body: isBulk ? item : undefined }]),
    ];
  },
);

describe("the request variants of the local API", () => {
  let api: RecordingApi;
  let platform: TestPlatform;
  before(async () => {
    api = await startRecordingApi();
    platform = await TestPlatform.open();
    await platform.start();
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await platform.close();
  });

  const ask = (method: string, target: string, body?: unknown) =>
    sendHttp(api.url + target, method, { authorization: `Bearer ${api.token}` }, body === undefined ? undefined : JSON.stringify(body)); // prettier-ignore

  for (const { name, method, path, body } of cases) {
    it(`accept a request: ${method} ${path.replace(UUID, "{uuid}")} is ${name}`, async () => {
      // The control plane's listing shares its path with the metro's and is recognised by its parameters.
      const target = name === "getRegistryImages" ? `${path}?details=true` : path;
      const { status, text } = await ask(method, target, body);
      assert.equal(status, 200, text);
      const call = api.calls.at(-1);
      assert.equal(call?.name, name);
      if (path.includes(UUID)) assert.equal(call.path["uuid"], UUID);
      const real = await platform.api(method, target, body, { accept: "application/json" });
      assert.ok([200, 400].includes(real.httpStatus), JSON.stringify(real.envelope));
    });
  }

  it("select objects in path, query, body array and single object, for every method", async () => {
    const selective: [method: string, path: string, extra: object][] = [
      ["GET", "/v1/volumes", {}],
      ["GET", "/v1/instances/wait", {}],
      ["GET", "/v1/instances/log", {}],
      ["POST", "/v1/instances/metrics", {}],
      ["PUT", "/v1/instances/start", {}],
      ["PUT", "/v1/instances/stop", {}],
      ["PUT", "/v1/volumes/detach", {}],
      ["DELETE", "/v1/volumes", {}],
      ["DELETE", "/v1/services", {}],
      ["PATCH", "/v1/volumes", { prop: "tags", op: "del" }],
      ["PUT", "/v1/certificates", { chain: "c", pkey: "k" }],
      ["POST", "/v1/services/autoscale", {}],
    ];
    const named = (): unknown => {
      const { body, selectors } = api.calls.at(-1) ?? { body: undefined, selectors: [] };
      const items = Array.isArray(body) ? (body as { uuid?: string; name?: string }[]) : undefined;
      return items === undefined
        ? selectors
        : items.map(({ uuid, name }) => (uuid === undefined ? { name } : { uuid }));
    };
    for (const [method, path, extra] of selective) {
      const members = Object.keys(extra).length === 0 ? undefined : extra;
      const expect = async (wanted: object[], target: string, body?: unknown) => {
        const { status, text } = await ask(method, target, body);
        assert.equal(status, 200, `${method} ${target} ${text}`);
        assert.deepEqual(named(), wanted, `${method} ${target}`);
      };
      await expect([{ uuid: "a" }, { uuid: "b" }], `${path}?uuid=a&uuid=b`, members);
      await expect([{ uuid: "a" }, { uuid: "b" }, { name: "c" }], `${path}?uuid=a,b&name=c`, members);
      await expect([{ name: "c" }, { uuid: "a" }], path, [
        { name: "c", ...extra },
        { uuid: "a", ...extra },
      ]);
      await expect([{ name: "c" }], path, { name: "c", ...extra });
      // For reads, and older variants with a body, the body wins; a request that changes something is rejected.
      if (method === "GET" || path.endsWith("/metrics")) {
        await expect([{ name: "c" }], `${path}?uuid=a`, [{ name: "c" }]);
      } else {
        assert.equal((await ask(method, `${path}?uuid=a`, [{ name: "c", ...extra }])).status, 400, `${method} ${path}`);
      }
    }
  });

  it("change and delete one object by its path, and read it under a doubled '/v1'", async () => {
    const { uuid } = await platform.requestItem("POST", "/v1/volumes", { name: "one", size_mb: 8 });
    const grown = await platform.requestItem("PATCH", `/v1/volumes/${uuid}`, { prop: "size_mb", op: "set", value: 9 });
    assert.deepEqual([grown["status"], grown.uuid], ["success", uuid]);
    const two = [
      { id: "first", prop: "size_mb", op: "set", value: 10 },
      { id: "second", prop: "tags", op: "set", value: ["a"] },
    ];
    const both = await platform.api("PATCH", `/v1/volumes/${uuid}`, two);
    assert.deepEqual(both.items.map((item) => [item.uuid, item["id"], item["status"]]), [[uuid, "first", "success"], [uuid, "second", "success"]]); // prettier-ignore
    const read = await platform.requestItem("GET", `/v1/v1/volumes/${uuid}`);
    assert.deepEqual([read["size_mb"], read["tags"]], [10, ["a"]]);
    const gone = await platform.requestItem("DELETE", `/v1/volumes?name=one,ghost`);
    assert.deepEqual([gone["status"], gone.uuid], ["success", uuid]);
    assert.equal((await platform.requestItem("GET", `/v1/volumes/${uuid}`))["error"], 8);
  });

  it("create one object per array entry, and nothing if one entry is malformed", async () => {
    const names = async () => (await platform.api("GET", "/v1/volumes")).items.map(({ name }) => name);
    const before = await names();
    const malformed = [
      { name: "a1", size_mb: 8 },
      { name: "a2", size: 8 },
    ];
    assert.equal((await platform.api("POST", "/v1/volumes", malformed)).httpStatus, 400);
    assert.deepEqual(await names(), before);
    const created = await platform.api("POST", "/v1/volumes", [
      { name: "a1", size_mb: 8 },
      { name: "a1", size_mb: 8 },
      { name: "a2", size_mb: 8 },
    ]);
    assert.equal(created.status, "partial_success");
    assert.deepEqual(
      created.items.map((item) => item["error"] ?? "created"),
      ["created", 23, "created"],
    );
    assert.deepEqual(
      (await names()).filter((name) => !before.includes(name)),
      ["a1", "a2"],
    );
    await platform.api("DELETE", "/v1/volumes?name=a1&name=a2");
  });

  it("return a failed item for a malformed uuid", async () => {
    for (const [method, target, body] of [
      ["GET", "/v1/volumes/x", undefined],
      ["GET", "/v1/volumes?uuid=x", undefined],
      ["GET", "/v1/volumes", [{ uuid: "x" }]],
      ["DELETE", "/v1/volumes/x", undefined],
      ["DELETE", "/v1/volumes?uuid=x", undefined],
      ["DELETE", "/v1/volumes", [{ uuid: "x" }]],
      ["PATCH", "/v1/volumes/x", { prop: "size_mb", op: "set", value: 8 }],
    ] as const) {
      const { httpStatus, items } = await platform.api(method, target, body);
      assert.equal(httpStatus, 200);
      const [item] = items;
      assert.deepEqual([item?.["status"], item?.["error"], item?.uuid], ["error", 7, "x"], `${method} ${target}`);
    }
  });
});

describe("the handlers of the local API", () => {
  it("can return plain text and see what the client accepts", async () => {
    await using api = await startRecordingApi(({ accept }) =>
      accept === "application/json"
        ? { items: [{ status: "success", uuid: "u" }] }
        : { items: [], text: { contentType: "text/plain; version=0.0.4", body: "# ünits\nup 1\n" } },
    );
    const ask = (accept: string | undefined) =>
      sendHttp(`${api.url}/v1/instances/metrics`, "GET", {
        authorization: `Bearer ${api.token}`,
        ...(accept === undefined ? {} : { accept }),
      });
    assert.equal((JSON.parse((await ask("application/json")).text) as { status: string }).status, "success");
    for (const accept of ["text/plain", undefined]) {
      const { status, text, headers } = await ask(accept);
      assert.deepEqual([status, text], [200, "# ünits\nup 1\n"]);
      assert.equal(headers["content-type"], "text/plain; version=0.0.4");
    }
    assert.deepEqual(
      api.calls.map(({ accept }) => accept),
      ["application/json", "text/plain", ""],
    );
  });

  it("report a timeout of one array entry for the whole request", async () => {
    await using api = await startRecordingApi(({ body }) =>
      (body as { name: string }).name === "slow"
        ? { items: [{ status: "error", state: "starting" }], message: "Operation timed out" }
        : { items: [{ status: "success" }] },
    );
    const entries = JSON.stringify(["fast", "slow"].map((name) => ({ name, image: "a" })));
    const { text } = await sendHttp(
      `${api.url}/v1/instances`,
      "POST",
      { authorization: `Bearer ${api.token}` },
      entries,
    );
    const { status, message, data } = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual([status, message], ["partial_success", "Operation timed out"]);
    assert.deepEqual(data, { instances: [{ status: "success" }, { status: "error", state: "starting" }] });
  });
});
