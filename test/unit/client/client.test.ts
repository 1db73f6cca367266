import assert from "node:assert/strict";
import nock from "nock";
import { type ClientOptions, createClient, onlyItem } from "../../../provider/client/client";
import { describeStop } from "../../../provider/client/errors/stopReason";
import { UnikernelError } from "../../../provider/base/errors";
import { allowLoopback } from "../../support/offline";

const URL = "https://api.fra.unikraft.cloud";
const slept: number[] = [];
const clock = { now: () => Date.UTC(2026, 0, 1), sleep: (ms: number) => (slept.push(ms), Promise.resolve()) };

const client = (more: Partial<ClientOptions> = {}) =>
  createClient({ metro: "fra", endpoint: () => Promise.resolve({ url: URL, token: "t0ken" }), clock, ...more });

const rejects = async (promise: Promise<unknown>, code: string, text: RegExp) => {
  const error: unknown = await promise.then(
    () => assert.fail("the promise resolved"),
    (e: unknown) => e,
  );
  assert.ok(UnikernelError.is(error), String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, text);
  assert.doesNotMatch(`${error.message} ${error.hint ?? ""} ${JSON.stringify(error.details)}`, /t0ken/);
};

const volume = { status: "success", uuid: "u1", name: "data", state: "available", size_mb: 64 };

describe("the REST client", () => {
  before(() => nock.disableNetConnect());
  after(allowLoopback);
  beforeEach(() => (slept.length = 0));
  afterEach(() => {
    assert.deepEqual(nock.pendingMocks(), []);
    nock.cleanAll();
  });

  it("sends selectors as repeated query parameters with the token and reads the items", async () => {
    nock(URL, { reqheaders: { authorization: "Bearer t0ken" } })
      .get((uri) => uri === "/v1/volumes?uuid=u1&uuid=u2")
      .reply(200, {
        status: "success",
        op_time_us: 5,
        data: { volumes: [volume, { ...volume, uuid: "u2", from_the_future: 1 }] },
      });
    const response = await client().getVolumes({ query: { uuid: ["u1", "u2"] } });
    assert.deepEqual(
      response.items.map((item) => item.uuid),
      ["u1", "u2"],
    );
  });

  it("turns code 8 inside HTTP 200 into NOT_FOUND", async () => {
    nock(URL)
      .get("/v1/volumes?uuid=gone")
      .reply(200, {
        status: "error",
        message: "Failed to perform all operations",
        data: { volumes: [{ status: "error", uuid: "gone", message: "No volume with uuid 'gone'", error: 8 }] },
      });
    const response = await client().getVolumes({ query: { uuid: ["gone"] } });
    await rejects(
      (async () => onlyItem(response, "Reading volume 'gone'"))(),
      "NOT_FOUND",
      /Reading volume 'gone' failed: No volume with uuid 'gone'\./,
    );
  });

  it("keeps the items that succeeded when others failed", async () => {
    nock(URL)
      .delete("/v1/volumes", [{ uuid: "u1" }, { name: "x" }])
      .reply(200, {
        status: "partial_success",
        data: { volumes: [{ ...volume }, { status: "error", name: "x", error: 15, message: "Volume is attached" }] },
      });
    const response = await client().deleteVolumes({ body: [{ uuid: "u1" }, { name: "x" }] });
    assert.deepEqual(
      response.items.map((item) => [item.status, item.error]),
      [
        ["success", undefined],
        ["error", 15],
      ],
    );
  });

  for (const [status, code] of [
    [401, "API_UNAUTHORIZED"],
    [403, "API_UNAUTHORIZED"],
    [400, "API_REJECTED"],
  ] as const) {
    it(`explains HTTP ${status} without a second attempt`, async () => {
      nock(URL)
        .post("/v1/volumes")
        .reply(status, { status: "error", message: "because", errors: [{ status }] });
      await rejects(
        client().createVolume({ body: { size_mb: 64 } }),
        code,
        /POST \/v1\/volumes in metro 'fra' .*because/,
      );
      assert.deepEqual(slept, []);
    });
  }

  it("recognises another service at the address", async () => {
    nock(URL).get("/v1/healthz").reply(200, "<html>hello</html>", { "content-type": "text/html" });
    await rejects(client().getHealthz({}), "API_SHAPE", /HTTP 200 with text\/html/);
  });

  it("concludes from a web page that nothing was created, but not from a truncated response", async () => {
    const whole = JSON.stringify({ status: "success", data: { volumes: [{ uuid: "u", name: "data" }] } });
    for (const [type, body, mayHaveActed] of [
      ["text/html; charset=utf-8", "<html>hello</html>", false],
      ["text/plain", whole.slice(0, 30), true],
      ["", "", true],
    ] as const) {
      nock(URL)
        .post("/v1/volumes")
        .reply(200, body, type === "" ? {} : { "content-type": type });
      const error: unknown = await client()
        .createVolume({ body: { name: "data", size_mb: 8 } })
        .catch((e: unknown) => e);
      assert.ok(UnikernelError.has(error, "API_SHAPE"), String(error));
      assert.equal(error.details["mayHaveActed"], mayHaveActed, type);
    }
  });

  it("names the response field of the wrong type without its value", async () => {
    nock(URL)
      .get("/v1/volumes")
      .reply(200, { status: "success", data: { volumes: [{ uuid: 7, name: "s3cret" }] } });
    await rejects(client().getVolumes({}), "API_SHAPE", /\(uuid\)/);
  });

  it("retries reads after a lost response and respects Retry-After", async () => {
    nock(URL)
      .get("/v1/volumes")
      .replyWithError(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    nock(URL).get("/v1/volumes").reply(503, "busy");
    nock(URL).get("/v1/volumes").reply(429, "slow down", { "retry-after": "7" });
    nock(URL)
      .get("/v1/volumes")
      .reply(200, { status: "success", data: { volumes: [] } });
    assert.deepEqual((await client().getVolumes({})).items, []);
    assert.equal(slept.length, 3);
    assert.ok((slept[2] ?? 0) >= 7000 && (slept[2] ?? 0) < 8000, String(slept[2]));
  });

  it("sends a create once if the server may have acted", async () => {
    nock(URL)
      .post("/v1/volumes")
      .replyWithError(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    await rejects(client().createVolume({ body: { size_mb: 64 } }), "API_UNREACHABLE", /ECONNRESET/);
  });

  it("retries a create that never reached the server, at a freshly resolved address", async () => {
    const refusedFlags: boolean[] = [];
    nock(URL)
      .post("/v1/volumes")
      .replyWithError(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
    nock(URL)
      .post("/v1/volumes")
      .reply(200, { status: "success", data: { volumes: [volume] } });
    const endpoint = (refused: boolean) => (refusedFlags.push(refused), Promise.resolve({ url: URL, token: "t0ken" }));
    assert.equal((await client({ endpoint }).createVolume({ body: { size_mb: 64 } })).items.length, 1);
    assert.deepEqual(refusedFlags, [false, true]);
  });

  it("gives up on an unreachable metro with a hint", async () => {
    nock(URL)
      .get("/v1/volumes")
      .times(6)
      .replyWithError(Object.assign(new Error("dns"), { code: "ENOTFOUND" }));
    await rejects(
      client().getVolumes({}),
      "API_UNREACHABLE",
      /got no response from https:\/\/api\.fra\.unikraft\.cloud \(host not found, ENOTFOUND\)/,
    );
  });

  it("returns a wait that timed out as items, not as an error", async () => {
    nock(URL)
      .get("/v1/instances/wait?uuid=i&state=running&timeout_s=1")
      .reply(200, {
        status: "error",
        message: "Operation timed out",
        data: { instances: [{ status: "error", uuid: "i", name: "n", state: "starting" }] },
      });
    const response = await client().waitInstances({ query: { uuid: ["i"], state: ["running"], timeout_s: [1] } });
    assert.equal(response.items[0]?.state, "starting");
  });
});

describe("the stop reason in an error", () => {
  // Examples from the platform's documentation.
  const cases: [object, RegExp][] = [
    [{ stop_reason: 1, stop_code: 0x000001 }, /kernel crashed before the program ended \(explicit crash/],
    [{ stop_reason: 3, exit_code: 127 }, /program exited with code 127/],
    [{ stop_reason: 1, stop_code: 818948 }, /page fault, out of memory/],
    [{ stop_reason: 15 }, /stopped through the API/],
    [{ stop_reason: 28 }, /stopped by force/],
    [{ stop_reason: 39, stop_code: 33024 }, /scaled to zero/],
    [{ stop_reason: 4, stop_code: 1 }, /could not pull the image/],
    [{}, /no reason/],
  ];
  for (const [facts, text] of cases) {
    it(`is decoded: ${JSON.stringify(facts)}`, () => assert.match(describeStop(facts), text));
  }
});
