/** The API on the wire, before any handler decides. */
import assert from "node:assert/strict";
import * as net from "node:net";
import { ITEM_CODES, type ItemCodeName } from "../../../provider/contract/codes";
import { freePort } from "../../support/freePorts";
import { type Item, sendHttp, TestPlatform } from "../../support/testPlatform";

describe("the local API over HTTP", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  after(() => platform.close());

  for (const target of ["/", "/v1/instances", "/nowhere"]) {
    it(`responds to ${target} with 401 and an envelope if the token is missing or wrong`, async () => {
      for (const authorization of ["", "Bearer", `Bearer ${"0".repeat(64)}`, `Basic ${platform.daemon.token}`]) {
        const answer = await platform.api("GET", target, undefined, { authorization });
        assert.equal(answer.httpStatus, 401);
        assert.equal(answer.status, "error");
        assert.equal(typeof answer.envelope["op_time_us"], "number");
      }
    });
  }

  it("responds to an unknown path with 404 and to a wrong method with 405", async () => {
    for (const [method, target, status, code] of [
      ["GET", "/v1/service-groups", 404, "NoApiEndpoint"],
      ["GET", "/", 404, "NoApiEndpoint"],
      ["PUT", "/v1/instances", 405, "WrongMethod"],
      ["PATCH", "/v1/instances/start", 405, "WrongMethod"],
    ] as const) {
      const { httpStatus, envelope: raw, message } = await platform.api(method, target, []);
      assert.equal(httpStatus, status, target);
      assert.deepEqual(raw["errors"], [{ status, message, error: ITEM_CODES[code] }]);
    }
  });

  const malformed: [
    what: string,
    method: string,
    target: string,
    body: unknown,
    code: ItemCodeName,
    message: RegExp,
  ][] = [
    ["a body that is not JSON", "POST", "/v1/volumes", "{", "MalformedRequest", /^The body is not JSON/],
    [
      "no body",
      "POST",
      "/v1/volumes",
      undefined,
      "MalformedRequest",
      /^The body is missing in volume creation arguments/,
    ],
    [
      "an unknown member",
      "POST",
      "/v1/instances",
      { image: "app:1", replica: 2 },
      "Unknown",
      /^Unknown member 'replica'$/,
    ],
    [
      "an unknown member of a port",
      "POST",
      "/v1/services",
      { services: [{ port: 1, tls: true }] },
      "Unknown",
      /^Unknown member 'tls' in 'services\[0\]'$/,
    ],
    [
      "an image without a reference",
      "POST",
      "/v1/instances",
      { image: {} },
      "MalformedRequest",
      /^'image\.url' is missing in instance creation arguments; expected 'string'$/,
    ],
    [
      "a number as the image",
      "POST",
      "/v1/instances",
      { image: 7 },
      "MalformedRequest",
      /^'image' in instance creation arguments has type 'integer', but expected 'string' or 'object'$/,
    ],
    [
      "a text as the memory",
      "POST",
      "/v1/instances",
      { image: "a", memory_mb: "1" },
      "MalformedRequest",
      /^'memory_mb' in instance creation arguments has type 'string', but expected 'integer'$/,
    ],
    [
      "a fraction as the size",
      "POST",
      "/v1/volumes",
      { size_mb: 1.5 },
      "MalformedRequest",
      /^'size_mb' in volume creation arguments has type 'number', but expected 'integer'$/,
    ],
    [
      "too little memory",
      "POST",
      "/v1/instances",
      { image: "a", memory_mb: 8 },
      "Invalid",
      /^'memory_mb' must be at least 16$/,
    ],
    [
      "a control character in an annotation",
      "POST",
      "/v1/instances",
      { image: "a", annotations: { team: "a\nb" } },
      "Invalid",
      /^'annotations\.team' contains characters that are not allowed/,
    ],
    [
      "a name of 256 characters",
      "POST",
      "/v1/volumes",
      { name: "x".repeat(256), size_mb: 8 },
      "TooLong",
      /^'name' must have at most 255 character/,
    ],
    [
      "a port out of range",
      "POST",
      "/v1/services",
      { services: [{ port: 70000 }] },
      "Invalid",
      /^'services\[0\]\.port' must be at most 65535$/,
    ],
    ["no ports", "POST", "/v1/services", { services: [] }, "Invalid", /^'services' must have at least 1 element/],
    [
      "an unknown policy",
      "POST",
      "/v1/instances",
      { image: "a", restart_policy: "maybe" },
      "Invalid",
      /'restart_policy' must be one of 'never', 'always', 'on-failure'/,
    ],
    [
      "an unknown handler",
      "POST",
      "/v1/services",
      { services: [{ port: 1, handlers: ["h2"] }] },
      "Invalid",
      /'services\[0\]\.handlers\[0\]' must be one of/,
    ],
    [
      "uuid and name",
      "DELETE",
      "/v1/volumes",
      [{ uuid: "a", name: "b" }],
      "NotBoth",
      /^Either 'uuid' or 'name' must be given in '\[0\]', not both$/,
    ],
    ["neither uuid nor name", "DELETE", "/v1/volumes", [{}], "MissingId", /^Either 'uuid' or 'name' must be given/],
    [
      "neither uuid nor name for a read",
      "GET",
      "/v1/volumes",
      [{}],
      "MissingId",
      /^Either 'uuid' or 'name' must be given/,
    ],
    ["an empty uuid", "GET", "/v1/volumes?uuid=", undefined, "Invalid", /^'uuid' must have at least 1 character/],
    ["an empty name", "DELETE", "/v1/volumes?name=", undefined, "Invalid", /^'name' must have at least 1 character/],
    [
      "an unknown member beside a uuid",
      "PUT",
      "/v1/instances/stop",
      [{ uuid: "a", quick: true, soon: true }],
      "Unknown",
      /^Unknown member 'soon'$/,
    ],
    ["an empty delete", "DELETE", "/v1/instances", [], "Invalid", /at least 1 element/],
    ["an unknown query parameter", "GET", "/v1/instances?color=red", undefined, "Unknown", /^Unknown member 'color'$/],
    ["a negative count", "GET", "/v1/instances?count=-1", undefined, "Invalid", /^'count' must be at least 0$/],
    [
      "a wait for an unknown state",
      "GET",
      "/v1/instances/wait?uuid=a&state=asleep",
      undefined,
      "Invalid",
      /must be one of/,
    ],
    [
      "1001 objects",
      "GET",
      "/v1/volumes",
      Array.from({ length: 1001 }, (_, index) => ({ name: `n${index}` })),
      "TooMany",
      /at most 1000 objects; this one has 1001/,
    ],
    [
      "a body without end",
      "POST",
      "/v1/volumes",
      "[".repeat(50_000) + "]".repeat(50_000),
      "MalformedRequest",
      /nested more than 32 levels deep/,
    ],
    [
      "force with a drain",
      "PUT",
      "/v1/instances/stop",
      [{ name: "a", force: true, drain_timeout_ms: 1 }],
      "NotBoth",
      /cannot be given together with 'force'/,
    ],
    ["a wait without a selector", "GET", "/v1/instances/wait", undefined, "MissingId", /^Either 'uuid' or 'name' must/],
    ["a log without a selector", "GET", "/v1/instances/log", undefined, "MissingId", /^Either 'uuid' or 'name' must/],
    ["an unexpected body", "GET", "/v1/healthz", { a: 1 }, "MalformedRequest", /takes no body/],
  ];
  for (const [what, method, target, body, code, message] of malformed) {
    it(`rejects the request with 400, one sentence and its code: ${what}`, async () => {
      const answer = await platform.api(method, target, body);
      assert.equal(answer.httpStatus, 400);
      assert.equal(answer.status, "error");
      assert.match(answer.message ?? "", message);
      assert.deepEqual(answer.envelope["errors"], [{ status: 400, message: answer.message, error: ITEM_CODES[code] }]);
      assert.equal(typeof answer.envelope["op_time_us"], "number");
    });
  }

  it("reads selectors from repeats, comma lists, a body array and the path, and keeps their order", async () => {
    const [a, b] = [
      await platform.requestItem("POST", "/v1/volumes", { name: "a", size_mb: 8 }),
      await platform.requestItem("POST", "/v1/volumes", { name: "b", size_mb: 8 }),
    ];
    const names = async (method: string, target: string, body?: unknown) =>
      (await platform.api(method, target, body)).items.map((item) => item.name);
    assert.deepEqual(await names("GET", "/v1/volumes"), ["a", "b"]);
    assert.deepEqual(await names("GET", `/v1/volumes?uuid=${b.uuid}&uuid=${a.uuid}`), ["b", "a"]);
    assert.deepEqual(await names("GET", `/v1/volumes?uuid=${b.uuid}&uuid=${a.uuid}&uuid=${b.uuid}`), ["b", "a"]);
    assert.deepEqual(await names("GET", `/v1/volumes?uuid=${b.uuid},${a.uuid}`), ["b", "a"]);
    assert.deepEqual(await names("GET", `/v1/volumes?name=b&uuid=${a.uuid}`), ["b", "a"]);
    assert.deepEqual(await names("GET", "/v1/volumes", [{ name: "b" }, { uuid: a.uuid }]), ["b", "a"]);
    assert.deepEqual(await names("GET", `/v1/volumes/${a.uuid}`), ["a"]);
    assert.deepEqual(await names("GET", "/v1/volumes?order=desc&count=1"), ["b"]);
    assert.deepEqual(await names("GET", `/v1/volumes?from=${b.uuid}`), ["b"]);
    const brief = await platform.api("GET", "/v1/volumes?details=false&count=1");
    assert.deepEqual(Object.keys(brief.items[0] ?? {}).sort(), ["name", "state", "status", "uuid"]);
    assert.equal((await platform.api("DELETE", `/v1/volumes/${a.uuid}`)).status, "success");
    assert.equal((await platform.api("DELETE", "/v1/volumes", [{ name: "b" }])).status, "success");
  });

  it("reports each item with its selector, and partial failure in the status", async () => {
    const volume = await platform.requestItem("POST", "/v1/volumes", { name: "real", size_mb: 8 });
    const nobody = "11111111-1111-4111-8111-111111111111";
    const mixed = await platform.api("GET", `/v1/volumes?uuid=${nobody}&uuid=${volume.uuid}&uuid=x&name=ghost`);
    assert.equal(mixed.httpStatus, 200);
    assert.equal(mixed.status, "partial_success");
    assert.equal(mixed.message, "Failed to perform all operations");
    const brief = mixed.items.map(({ status, uuid, name, error, message }) => ({ status, uuid, name, error, message }));
    assert.deepEqual(brief, [
      { status: "error", uuid: nobody, name: undefined, error: 8, message: `No volume with uuid '${nobody}'` },
      { status: "success", uuid: volume.uuid, name: "real", error: undefined, message: undefined },
      { status: "error", uuid: "x", name: undefined, error: 7, message: "Invalid uuid 'x'" },
      { status: "error", uuid: undefined, name: "ghost", error: 8, message: "No volume with name 'ghost'" },
    ]);
    assert.equal((await platform.api("GET", "/v1/volumes?name=ghost")).status, "error");
    await platform.api("DELETE", "/v1/volumes", [{ uuid: volume.uuid }]);
  });

  it("lists nothing as an empty array under the type's key", async () => {
    for (const [target, key] of [
      ["/v1/instances", "instances"],
      ["/v1/services", "service_groups"],
      ["/v1/volumes", "volumes"],
    ] as const) {
      const { envelope: raw } = await platform.api("GET", target);
      assert.equal(raw["status"], "success");
      assert.deepEqual(raw["data"], { [key]: [] });
    }
  });

  it("reports health, quotas and images", async () => {
    const health = (await platform.api("GET", "/v1/healthz")).envelope["data"] as Record<
      string,
      Record<string, string>
    >;
    assert.equal(health["checks"]?.["vmm"], "healthy");
    assert.equal(health["versions"]?.["vmm"], "fake");
    const quotas = await platform.requestItem("GET", "/v1/users/quotas");
    assert.deepEqual((quotas["used"] as Record<string, number>)["instances"], 0);
    assert.equal((quotas["hard"] as Record<string, number>)["volumes"], 253);
    const image = await platform.requestItem("GET", "/v1/images");
    assert.match(String(image["url"]), /^oci:\/\/local\/app@sha256:[0-9a-f]{64}$/);
    assert.deepEqual(image["tags"], ["app:1"]);
    assert.equal((await platform.api("GET", "/v1/images?tag=app:2")).items.length, 0);
  });

  it("rejects a page that starts at neither an object nor a time", async () => {
    for (const from of ["garbage", "11111111-1111-4111-8111-11111111111G"]) {
      const { httpStatus, envelope: raw } = await platform.api("GET", `/v1/services?from=${from}`);
      assert.deepEqual([httpStatus, (raw["errors"] as Item[])[0]?.["error"]], [400, ITEM_CODES.Invalid], from);
    }
  });

  it("continues a listing at an object that just left it, and rejects one that does not exist", async () => {
    const made: string[] = [];
    for (const name of ["a", "b", "c"]) {
      const { uuid } = await platform.requestItem("POST", "/v1/instances", { name, image: "app:1", tags: ["x"] });
      made.push(uuid);
    }
    const from = async (uuid: string | undefined, more = "") => {
      const answer = await platform.api("GET", `/v1/instances?tags=x&from=${uuid}${more}`);
      return { ...answer, names: answer.items.map(({ name }) => name) };
    };
    await platform.requestItem("PATCH", "/v1/instances", [{ name: "b", prop: "tags", op: "set", value: [] }]);
    assert.deepEqual((await from(made[1])).names, ["c"]);
    assert.deepEqual((await from(made[1], "&order=desc")).names, ["a"]);
    await platform.requestItem("DELETE", "/v1/instances", [{ name: "b" }]);
    const { httpStatus, envelope: raw } = await from(made[1]);
    assert.deepEqual([httpStatus, (raw["errors"] as Item[])[0]?.["error"]], [400, ITEM_CODES.NotFound]);
  });

  it("lists the allowed methods of a path for another method", async () => {
    const { url, token } = platform.daemon;
    const { status, headers } = await sendHttp(`${url}/v1/instances`, "OPTIONS", { authorization: `Bearer ${token}` });
    assert.deepEqual([status, headers.allow], [405, "POST, GET, PATCH, DELETE"]);
  });

  it("returns the id of a change that failed", async () => {
    for (const [path, prop] of [
      ["/v1/services", "soft_limit"],
      ["/v1/volumes", "tags"],
      ["/v1/volumes/templates", "tags"],
      ["/v1/instances", "tags"],
      ["/v1/instances/templates", "tags"],
      ["/v1/instances/checkpoints", "tags"],
    ] as const) {
      const item = await platform.requestItem("PATCH", path, [{ id: "first", name: "nobody", prop, op: "del" }]);
      assert.deepEqual([item["error"], item["id"]], [ITEM_CODES.NotFound, "first"], path);
    }
  });

  it("treats null as no value", async () => {
    const tags = ["x"];
    await platform.requestItem("POST", "/v1/services", { name: "web", services: [{ port: await freePort() }] });
    for (const name of ["plain", "base"]) await platform.requestItem("POST", "/v1/volumes", { name, size_mb: 8, tags });
    await platform.requestItem("POST", "/v1/volumes/templates", [{ name: "base" }]);
    for (const name of ["one", "golden"])
      await platform.requestItem("POST", "/v1/instances", { name, image: "app:1", tags });
    await platform.requestItem("POST", "/v1/instances/templates", [{ name: "golden" }]);
    for (const [path, name, prop, cleared] of [
      ["/v1/services", "web", "domains", []],
      ["/v1/volumes", "plain", "tags", []],
      ["/v1/volumes/templates", "base", "tags", []],
      ["/v1/instances", "one", "tags", []],
      ["/v1/instances/templates", "golden", "tags", []],
    ] as const) {
      const item = await platform.requestItem("PATCH", path, [{ name, prop, op: "del", value: null }]);
      assert.equal(item["status"], "success", `${path}: ${item.message}`);
      assert.deepEqual((await platform.requestItem("GET", `${path}?name=${name}`))[prop], cleared, path);
    }
  });

  it("clears by 'set' and by 'del' without a value, as official clients write either", async () => {
    const port = await freePort();
    await platform.requestItem("POST", "/v1/services", { name: "clear-web", services: [{ port }] });
    await platform.requestItem("POST", "/v1/instances", { name: "clear-other", image: "app:1" });
    await platform.requestItem("POST", "/v1/instances", {
      name: "clear-one",
      image: "app:1",
      service_group: { name: "clear-web" },
    });
    for (const name of ["clear-plain", "clear-base"])
      await platform.requestItem("POST", "/v1/volumes", { name, size_mb: 8 });
    await platform.requestItem("POST", "/v1/volumes/templates", [{ name: "clear-base" }]);
    await platform.requestItem("POST", "/v1/instances", { name: "clear-golden", image: "app:1" });
    await platform.requestItem("POST", "/v1/instances/templates", [{ name: "clear-golden" }]);
    const roms = [{ name: "r", files: [{ path: "/a", data: "b" }] }];
    const schedules = [{ name: "s", when: "daily", action: "start" }];
    const policy = { enabled: true, policy: "on", stateful: false, cooldown_time_ms: 1000, notify_time_ms: 0 };
    const off = { ...policy, enabled: false, policy: "off" };
    const all: [path: string, name: string, prop: string, value: unknown, cleared: unknown][] = [
      ["/v1/instances", "clear-one", "args", ["/x"], ["/server"]],
      ["/v1/instances", "clear-one", "env", { A: "1" }, {}],
      ["/v1/instances", "clear-one", "scale_to_zero", { policy: "on" }, off],
      ["/v1/instances", "clear-one", "tags", ["x"], []],
      ["/v1/instances", "clear-one", "delete_lock", true, false],
      ["/v1/instances", "clear-one", "schedules", schedules, undefined],
      ["/v1/instances", "clear-one", "autokill", { time_ms: 5000 }, undefined],
      ["/v1/instances", "clear-one", "hostname", "shop", undefined],
      ["/v1/instances", "clear-one", "roms", roms, undefined],
      ["/v1/instances", "clear-one", "dependencies", [{ name: "clear-other" }], undefined],
      ["/v1/instances", "clear-one", "annotations", { "a.b/c": "d" }, undefined],
      ["/v1/instances/templates", "clear-golden", "tags", ["x"], []],
      ["/v1/instances/templates", "clear-golden", "delete_lock", true, false],
      ["/v1/services", "clear-web", "domains", [{ name: "clear-shop" }], []],
      ["/v1/services", "clear-web", "soft_limit", 5, 1],
      ["/v1/services", "clear-web", "hard_limit", 50, 65535],
      ["/v1/services", "clear-web", "autokill", { time_ms: 5000 }, undefined],
      ["/v1/volumes", "clear-plain", "tags", ["x"], []],
      ["/v1/volumes", "clear-plain", "delete_lock", true, false],
      ["/v1/volumes/templates", "clear-base", "tags", ["x"], []],
    ];
    for (const [path, name, prop, value, cleared] of all)
      for (const clear of [{ op: "set" }, { op: "set", value: null }, { op: "del" }]) {
        const change = async (operation: object): Promise<unknown> => {
          const item = await platform.requestItem("PATCH", path, [{ name, prop, ...operation }]);
          assert.equal(item["status"], "success", `${path} ${prop} ${JSON.stringify(operation)}: ${item.message}`);
          return (await platform.requestItem("GET", `${path}?name=${name}`))[prop];
        };
        assert.notDeepEqual(await change({ op: "set", value }), cleared, `${path} ${prop}`);
        assert.deepEqual(await change(clear), cleared, `${path} ${prop} ${JSON.stringify(clear)}`);
      }
  });

  it("rejects a 'set' without a value of a property that always has one", async () => {
    await platform.requestItem("POST", "/v1/volumes", { name: "clear-plain", size_mb: 8 });
    await platform.requestItem("POST", "/v1/instances", { name: "clear-one", image: "app:1" });
    for (const [path, name, prop] of [
      ["/v1/instances", "clear-one", "image"],
      ["/v1/instances", "clear-one", "memory_mb"],
      ["/v1/instances", "clear-one", "vcpus"],
      ["/v1/volumes", "clear-plain", "size_mb"],
      ["/v1/volumes", "clear-plain", "quota_policy"],
    ] as const) {
      const item = await platform.requestItem("PATCH", path, [{ name, prop, op: "set" }]);
      assert.deepEqual([item["status"], item["error"]], ["error", ITEM_CODES.Invalid], `${path} ${prop}`);
    }
  });

  it("rejects paging of selected objects", async () => {
    for (const type of ["instances", "services", "volumes"]) {
      const { httpStatus, envelope: raw } = await platform.api("GET", `/v1/${type}?name=a&count=1`);
      assert.equal(httpStatus, 400, type);
      assert.equal((raw["errors"] as { error: number }[])[0]?.error, ITEM_CODES.NotBoth);
    }
  });

  it("survives a client that disconnects during its request", async () => {
    const { port } = new URL(platform.daemon.url);
    const socket = net.connect(Number(port), "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(
      `POST /v1/volumes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${platform.daemon.token}\r\nContent-Length: 100\r\n\r\n{`,
    );
    socket.destroy();
    const reply = await sendHttp(`${platform.daemon.url}/v1/healthz`, "GET", {
      authorization: `Bearer ${platform.daemon.token}`,
    });
    assert.equal(reply.status, 200);
  });
});
