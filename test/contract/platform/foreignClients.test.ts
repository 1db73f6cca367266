/** Requests as official clients write them, old and new, and limits on what a request may contain. */
import assert from "node:assert/strict";
import { ITEM_CODES } from "../../../provider/contract/codes";
import { freePort } from "../../support/freePorts";
import { RawConnection, rawRequest } from "../../support/rawHttp";
import { type Item, TestPlatform } from "../../support/testPlatform";

describe("requests of the vendor's clients", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  const create = (name: string, more: object = {}): Promise<Item> =>
    platform.requestItem("POST", "/v1/instances", { name, image: "app:1", ...more });
  /** A request as bytes: with a body on GET, and spelled as given. */
  async function raw(method: string, target: string, body?: unknown): Promise<Record<string, unknown>> {
    const { url, token } = platform.daemon;
    const connection = await RawConnection.open(url);
    const text = body === undefined ? "" : JSON.stringify(body);
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const [response] = await connection.exchange(rawRequest(method, target, headers, text));
    connection.socket.destroy();
    return JSON.parse(response?.body ?? "{}") as Record<string, unknown>;
  }
  const rawItems = async (method: string, target: string, body?: unknown): Promise<readonly Item[]> => {
    const { data, ...envelope } = await raw(method, target, body);
    const [items] = Object.values((data ?? {}) as Record<string, unknown>);
    assert.ok(Array.isArray(items), JSON.stringify(envelope));
    return items as Item[];
  };
  const rawItem = async (method: string, target: string, body?: unknown): Promise<Item> => {
    const [item] = await rawItems(method, target, body);
    assert.ok(item !== undefined, target);
    return item;
  };

  it("read the log of the instance in the path, with the range in an object body", async () => {
    platform.guests.set("web", { console: "hello from the guest\n" });
    const { uuid } = await platform.createRunning({ name: "web" });
    for (const body of [{ offset: 0, limit: 5 }, [{ offset: 0, limit: 5 }], { uuid, offset: 0, limit: 5 }]) {
      const item = await rawItem("GET", `/v1/instances/${uuid}/log`, body);
      assert.equal(Buffer.from(String(item["output"]), "base64").toString(), "hello");
    }
    const whole = await rawItem("GET", `/v1/instances/${uuid}/log`, {});
    assert.equal(Buffer.from(String(whole["output"]), "base64").toString(), "hello from the guest\n");
    const named = await rawItem("GET", "/v1/instances/log?name=web", { limit: 2, offset: 0 });
    assert.equal(Buffer.from(String(named["output"]), "base64").toString(), "he");
  });

  it("wait for the instance in the path, with state and timeout in an object body", async () => {
    const { uuid } = await create("web");
    for (const timeout of [{ timeout_ms: 0 }, { timeout_s: 0 }]) {
      assert.equal((await rawItem("GET", `/v1/instances/${uuid}/wait`, { state: "stopped", ...timeout }))["status"], "success"); // prettier-ignore
      const envelope = await raw("GET", `/v1/instances/${uuid}/wait`, { state: "running", ...timeout });
      assert.deepEqual([envelope["status"], envelope["message"]], ["error", "Operation timed out"]);
    }
    assert.equal((await rawItem("PUT", `/v1/instances/${uuid}/wait`, { state: "stopped" }))["status"], "success");
  });

  it("send a body without a meaning on other reads", async () => {
    const { uuid } = await create("web");
    for (const body of [{}, [], null, [{ uuid }], { name: "web" }])
      assert.deepEqual((await rawItems("GET", "/v1/instances", body)).map(({ name }) => name), ["web"]); // prettier-ignore
    assert.equal((await rawItem("GET", `/v1/instances/${uuid}`, {})).name, "web");
    assert.equal((await raw("GET", "/v1/users/quotas", {}))["status"], "success");
  });

  it("spell words of a create as older clients do", async () => {
    await create("older", { restart_policy: "on_failure" });
    await create("gone", { features: ["delete_on_stop"] });
    const template = { name: "golden", prepare: true, create_args: { image: "app:1", restart_policy: "on_failure" } };
    await platform.requestItem("POST", "/v1/instances", { name: "copy", template });
    const read = async (name: string) => platform.requestItem("GET", `/v1/instances?name=${name}`);
    assert.equal((await read("older"))["restart_policy"], "on-failure");
    assert.deepEqual((await read("gone"))["features"], ["delete-on-stop"]);
    assert.equal((await read("copy"))["restart_policy"], "on-failure");
  });

  it("make templates of ids and of `from_uuid`", async () => {
    const made = await Promise.all(["a", "b", "c", "d", "e"].map((name) => create(name)));
    const [a, b, c, d, e] = made.map(({ uuid }) => uuid);
    const bodies: [unknown, string[]][] = [
      [{ ids: [a, { name: "b" }], timeout_s: 0 }, ["a", "b"]],
      [{ from_uuid: c }, ["c"]],
      [[{ from_uuid: d }], ["d"]],
      [{ uuid: e }, ["e"]],
    ];
    for (const [body, names] of bodies)
      assert.deepEqual((await rawItems("POST", "/v1/instances/templates", body)).map((one) => one.name), names); // prettier-ignore
    assert.equal((await rawItems("GET", "/v1/instances/templates")).length, 5, b);
    const volume = await platform.requestItem("POST", "/v1/volumes", { name: "v", size_mb: 8 });
    assert.equal((await rawItem("POST", "/v1/volumes/templates", { ids: [volume.uuid] })).name, "v");
  });

  it("write and read autoscale policies under `type` and `policy`", async () => {
    await create("golden");
    await platform.requestItem("POST", "/v1/instances/templates", [{ name: "golden" }]);
    const { uuid } = await platform.requestItem("POST", "/v1/services", {
      name: "web",
      services: [{ port: await freePort() }],
    });
    await platform.requestItem("POST", `/v1/services/${uuid}/autoscale`, { create_args: { template: { name: "golden" } } }); // prettier-ignore
    const path = `/v1/services/${uuid}/autoscale/policies`;
    const step = { metric: "cpu", adjustment_type: "percentage", steps: [{ adjustment: 50, lower_bound: 100 }] };
    for (const [body, name] of [
      [{ name: "one", type: step }, "one"],
      [{ name: "two", type: { ...step, name: "two" } }, "two"],
      // By the SDKs' documentation the outer name is the service's.
      [{ name: "web", type: { ...step, name: "three" } }, "three"],
      [{ name: "four", type: "step", ...step }, "four"],
    ] as const) {
      const item = await rawItem("POST", path, body);
      assert.deepEqual([item["status"], item.name, item.uuid], ["success", name, uuid], item.message);
    }
    const other = await rawItem("POST", path, { name: "x", type: { ...step, name: "y" } });
    assert.equal(other["error"], ITEM_CODES.Invalid);
    for (const body of [undefined, {}, { name: "web" }]) {
      const policies = await rawItems("GET", path, body);
      assert.deepEqual(policies.map((one) => one.name), ["one", "two", "three", "four"]); // prettier-ignore
      for (const { status, policy, name } of policies)
        assert.deepEqual({ status, policy }, { status: "success", policy: { name, type: "step", enabled: true, ...step } }); // prettier-ignore
    }
    assert.deepEqual((await rawItems("GET", path, { name: "two" })).map((one) => one.name), ["two"]); // prettier-ignore
    assert.equal((await rawItem("GET", path, { name: "nobody" }))["error"], ITEM_CODES.NotFound);
    assert.equal((await rawItem("GET", `${path}/two`, { name: "two" })).name, "two");
    assert.equal((await rawItem("DELETE", path, { name: "two" }))["status"], "success");
  });

  it("name images in every form", async () => {
    await platform.addImage("site", "1", "kernel of site");
    await platform.addImage("acme/shop", "1", "kernel of shop");
    const digest = (await rawItems("GET", "/v1/images?tag=site:1"))[0]?.["url"] as string;
    const forms = [
      ...["site:1", "official/site:1", "oci://site:1", "oci://official/site:1", "index.unikraft.io/site:1"],
      ...["index.unikraft.io/official/site:1", "unikraft.io/official/site:1", "oci://unikraft.io/site:1"],
      ...["oci://index.unikraft.io/official/site:1", "oci://local/site:1", "local/official/site:1"],
      ...[digest, digest.replace("oci://", "")],
      digest.replace("oci://local/", "oci://unikraft.io/official/"),
      digest.replace("oci://local/site", "oci://unikraft.io/official/site:1"),
    ];
    for (const [index, image] of forms.entries()) {
      const made = await create(`one-${index}`, { image });
      assert.equal(made["status"], "success", `${image}: ${made.message}`);
      assert.equal((await platform.instance(made.uuid))["image"], digest, image);
      const patched = await platform.requestItem("PATCH", "/v1/instances", [{ uuid: made.uuid, prop: "image", op: "set", value: image }]); // prettier-ignore
      assert.equal(patched["status"], "success", image);
      const key = image.includes("@") ? "digest" : "tag";
      const listed = await rawItems("GET", `/v1/images?${key}=${encodeURIComponent(image)}`);
      assert.deepEqual(listed.map(({ url }) => url), [digest], image); // prettier-ignore
      await platform.requestItem("DELETE", "/v1/instances", [{ uuid: made.uuid }]);
    }
    for (const [index, image] of ["acme/shop:1", "oci://index.unikraft.io/acme/shop:1"].entries())
      assert.equal((await create(`shop-${index}`, { image }))["status"], "success", image);
  });

  it("read one image by its tag or its digest", async () => {
    await platform.addImage("site", "1", "kernel of site");
    const [{ url } = { url: "" }] = await rawItems("GET", "/v1/images?tag=site:1");
    const digest = String(url).split("@")[1] ?? "";
    for (const target of [
      "tag/site:1",
      "tag/official/site:1",
      `tag/${encodeURIComponent("oci://unikraft.io/official/site:1")}`,
      `digest/${digest}`,
      `digest/${encodeURIComponent(digest)}`,
      `digest/site@${digest}`,
    ]) {
      const { status, data } = await raw("GET", `/v1/images/${target}`);
      const { image } = (data ?? {}) as { image?: Record<string, unknown> };
      assert.deepEqual(
        [status, image?.["digest"], image?.["tag"], image?.["cmd"], image?.["env"]],
        ["success", digest, "site:1", ["/server"], ["FROM=image"]],
        target,
      );
    }
    assert.equal((await raw("GET", "/v1/images/tag/nothing:1"))["status"], "error");
  });

  it("pin an image and unpin it", async () => {
    const [first, again] = await rawItems("POST", "/v1/images", [
      { url: "official/app:1", timeout_s: -1, merge_requests: true, pull_policy: "if_not_present" },
      { url: "oci://app:1", timeout_s: 5 },
    ]);
    assert.deepEqual([first?.["state"], first?.["persistent"], first?.["tags"]], ["ready", true, ["app:1"]]);
    assert.equal(again?.uuid, first?.uuid);
    platform.daemon.simulateKill();
    await platform.start();
    assert.equal((await rawItem("GET", "/v1/images"))["persistent"], true);
    assert.equal((await rawItem("GET", "/v1/image-store"))["url"], first?.["url"]);
    const gone = await rawItems("DELETE", "/v1/images", [{ uuid: first?.uuid }, { uuid: first?.uuid }, { uuid: "x" }]);
    assert.deepEqual(gone.map(({ error }) => error), [undefined, ITEM_CODES.NotFound, ITEM_CODES.Invalid]); // prettier-ignore
    assert.equal("persistent" in (await rawItem("GET", "/v1/images")), false);
    for (const [item, error] of [
      [{ url: "nothing:1", timeout_s: 1 }, ITEM_CODES.NotFound],
      [{ url: "app:1", timeout_s: 1, autokill: { time_ms: 1 } }, ITEM_CODES.NotSupported],
    ] as const)
      assert.equal((await rawItem("POST", "/v1/images", [item]))["error"], error);
    assert.equal((await raw("POST", "/v1/images", [{ url: "app:1", timeout_s: 0 }]))["status"], "error");
  });

  it("read the state of objects without their details", async () => {
    await create("web");
    await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 8 });
    await create("golden");
    await platform.requestItem("POST", "/v1/instances/templates", [{ name: "golden" }]);
    for (const [path, state] of [
      ["/v1/instances", "stopped"],
      ["/v1/volumes", "available"],
      ["/v1/instances/templates", "template"],
    ] as const) {
      const { uuid, name, ...item } = await rawItem("GET", `${path}?details=false`);
      assert.deepEqual(item, { status: "success", state }, `${path} ${uuid} ${name}`);
    }
  });
});

describe("limits of a request", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
    await platform.requestItem("POST", "/v1/instances", { name: "one", image: "app:1" });
  });
  after(() => platform.close());

  const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index)); // prettier-ignore
  const variables = (count: number): object => Object.fromEntries(many(count, (index) => [`V${index}`, "x"]));
  const post = (body: object) => platform.api("POST", "/v1/instances", { image: "app:1", ...body });
  const patch = (prop: string, op: string, value: unknown) =>
    platform.requestItem("PATCH", "/v1/instances", [{ name: "one", prop, op, value }]);

  it("are named by the error", async () => {
    for (const [body, limit] of [
      [{ env: variables(1025) }, /'env' .*1024 variables/],
      [{ args: many(1025, String) }, /'args' .*1024/],
      [{ tags: many(17, (index) => `t${index}`) }, /'tags' .*16/],
      [{ annotations: Object.fromEntries(many(257, (index) => [`a.b/c${index}`, ""])) }, /'annotations' .*256/],
      [{ dependencies: many(65, () => ({ name: "one" })) }, /'dependencies' .*64/],
      [{ volumes: many(65, (index) => ({ name: "v", at: `/${index}` })) }, /'volumes' .*64/],
      [{ roms: many(9, (index) => ({ name: `r${index}` })) }, /'roms' .*8/],
      [{ schedules: many(65, (index) => ({ name: `s${index}`, when: "daily", action: "stop" })) }, /'schedules' .*64/],
      [{ service_group: { services: many(254, (index) => ({ port: index + 1 })) } }, /services' .*253/],
      [{ env: variables(500_000) }, /more than 65536 values/],
      [
        { template: { name: "t", prepare: true, create_args: { env: variables(1025) } }, image: undefined },
        /1024 variables/,
      ],
    ] as const) {
      const { status, message, items } = await post(body);
      assert.equal(status, "error");
      assert.match(items[0]?.message ?? message ?? "", limit);
    }
    assert.equal((await post({ env: variables(1024), args: many(1024, String) })).status, "success");
    const objects = many(1001, (index) => ({ name: `n${index}` }));
    assert.match((await platform.api("DELETE", "/v1/instances", objects)).message ?? "", /at most 1000 objects/);
  });

  it("hold for what a change adds to what is there", async () => {
    assert.equal((await patch("env", "set", variables(1024)))["status"], "success");
    assert.match((await patch("env", "add", { ONE: "more" })).message, /up to 1024/);
    assert.equal((await patch("args", "set", many(1024, String)))["status"], "success");
    assert.match((await patch("args", "add", "more")).message, /up to 1024/);
    assert.match(
      (
        await patch(
          "dependencies",
          "set",
          many(65, () => ({ name: "one" })),
        )
      ).message,
      /64/,
    );
  });

  it("are also those of text: no NUL and no unpaired surrogate", async () => {
    for (const bad of ["a\\u0000b", "a\\ud800b", "\\udc00", "a\\nb"])
      for (const [path, body] of [
        ["/v1/instances", `{"image": "app:1", "name": "${bad}"}`],
        ["/v1/instances", `{"image": "app:1", "roms": [{"name": "${bad}", "files": [{"path": "a", "data": ""}]}]}`],
        ["/v1/instances", `{"image": "app:1", "schedules": [{"name": "${bad}", "when": "daily", "action": "stop"}]}`],
        ["/v1/services", `{"name": "${bad}", "services": [{"port": 8081}]}`],
        ["/v1/volumes", `{"name": "${bad}", "size_mb": 8}`],
        ["/v1/certificates", `{"name": "${bad}", "common_name": "a.b", "chain": "c", "pkey": "k"}`],
        ["/v1/instances/checkpoints", `[{"from": {"name": "one"}, "name": "${bad}"}]`],
        ["/v1/volumes/clone", `[{"name": "v", "vol_name": "${bad}"}]`],
      ] as const) {
        const { httpStatus, message } = await platform.api("POST", path, body);
        assert.equal(httpStatus, 400, `${path} ${body}`);
        assert.match(message ?? "", /must not contain control characters or unpaired surrogates/);
      }
    for (const member of [`"env": {"A": "\\u0000"}`, `"env": {"A": "\\ud800"}`, `"env": {"A\\u0000": "b"}`])
      assert.equal((await platform.api("POST", "/v1/instances", `{"image": "app:1", ${member}}`)).httpStatus, 400);
    assert.equal((await post({ env: { "A=B": "c" } })).httpStatus, 400);
    assert.equal((await post({ args: ["a\0"] })).httpStatus, 400);
  });

  it("do not concern names that only JavaScript finds special", async () => {
    const env = `{"__proto__": "x", "constructor": "y", "toString": "z"}`;
    const { uuid, message } = await platform.requestItem("POST", "/v1/instances", `{"image": "app:1", "env": ${env}}`);
    const told = async (): Promise<string> => JSON.stringify((await platform.instance(uuid))["env"]);
    const sorted = (text: string): [string, unknown][] =>
      Object.entries(JSON.parse(text) as object).toSorted(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(sorted(await told()), sorted(env), message);
    const change = async (op: string, value: string): Promise<void> => {
      const body = `[{"uuid": "${uuid}", "prop": "env", "op": "${op}", "value": ${value}}]`;
      assert.equal((await platform.requestItem("PATCH", "/v1/instances", body))["status"], "success");
    };
    await change("del", `["__proto__"]`);
    assert.deepEqual(sorted(await told()), sorted(`{"constructor": "y", "toString": "z"}`));
    await change("add", `{"__proto__": "again"}`);
    assert.equal(sorted(await told()).length, 3);
    await change("set", `{"__proto__": "only"}`);
    assert.equal(await told(), `{"__proto__":"only"}`);
    await platform.requestItem("PUT", "/v1/instances/start", [{ uuid, timeout_s: 10 }]);
    assert.ok(platform.vmm.starts.some((spec) => JSON.stringify(spec).includes(`"__proto__":"only"`)));
    platform.daemon.simulateKill();
    await platform.start();
    assert.equal(await told(), `{"__proto__":"only"}`);
    assert.equal((await platform.api("POST", "/v1/instances", `{"image": "app:1", "env": {"__proto__": 1}}`)).httpStatus, 400); // prettier-ignore
  });
});
