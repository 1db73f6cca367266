import assert from "node:assert/strict";
import nock from "nock";
import { createClient } from "../../../../provider/client/client";
import { UnikernelError } from "../../../../provider/base/errors";
import { allowLoopback } from "../../../support/offline";

const URL = "https://api.fra.unikraft.cloud";
const clock = { now: () => Date.UTC(2026, 0, 1), sleep: () => Promise.resolve() };
const client = () =>
  createClient({ metro: "fra", endpoint: () => Promise.resolve({ url: URL, token: "t0ken" }), clock });

const httpError = (status: number, message: string) =>
  [status, { status: "error", message, errors: [{ status }] }] as const;
const ok = (key: string, ...items: object[]) => [200, { status: "success", data: { [key]: items } }] as const;
const instance = { status: "success", uuid: "i1", name: "one", state: "stopped" };

/** Code, status and text of the error that a promise rejects with. */
const failure = async (promise: Promise<unknown>) => {
  const error: unknown = await promise.catch((e: unknown) => e);
  assert.ok(UnikernelError.is(error), String(error));
  return [error.code, error.details["status"], /because \w+/.exec(error.message)?.[0]];
};

describe("the client with older nodes", () => {
  before(() => nock.disableNetConnect());
  after(allowLoopback);
  afterEach(() => {
    assert.deepEqual(nock.pendingMocks(), []);
    nock.cleanAll();
  });

  it("sends images as text once the node has rejected an object", async () => {
    const subject = client();
    const body = { name: "one", image: { url: "app:1", pull_policy: "always" as const } };
    nock(URL)
      .post("/v1/instances", body)
      .reply(...httpError(400, "expected 'string'"));
    nock(URL)
      .post("/v1/instances", { name: "one", image: "app:1" })
      .twice()
      .reply(...ok("instances", instance));
    assert.equal((await subject.createInstance({ body })).items[0]?.uuid, "i1");
    assert.equal((await subject.createInstance({ body })).items[0]?.uuid, "i1");
  });

  it("sends ROM images as text too", async () => {
    const rom = { name: "data", at: "/data" };
    const body = {
      image: "app:1",
      roms: [
        { ...rom, image: { url: "data:1" } },
        { name: "inline", files: [] },
      ],
    };
    nock(URL)
      .post("/v1/instances", body)
      .reply(...httpError(400, "expected 'string'"));
    nock(URL)
      .post("/v1/instances", {
        image: "app:1",
        roms: [
          { ...rom, image: "data:1" },
          { name: "inline", files: [] },
        ],
      })
      .reply(...ok("instances", instance));
    assert.equal((await client().createInstance({ body })).items[0]?.uuid, "i1");
  });

  it("changes an image as text, together with all other properties", async () => {
    const change = { uuid: "i1", op: "set" as const };
    const memory = { ...change, prop: "memory_mb" as const, value: 128 };
    const image = { ...change, prop: "image" as const, value: { url: "app:2", pull_policy: "always" } };
    nock(URL)
      .patch("/v1/instances", [memory, image])
      .reply(...httpError(400, "expected 'string'"));
    nock(URL)
      .patch("/v1/instances", [memory, { ...image, value: "app:2" }])
      .reply(...ok("instances", instance, instance));
    assert.equal((await client().patchInstances({ body: [memory, image] })).items.length, 2);
  });

  it("sends a change without an older variant once", async () => {
    for (const value of ["app:2", { url: "app:2", credentials: "s3cret" }]) {
      nock(URL)
        .patch("/v1/instances")
        .reply(...httpError(400, "because one"));
      const body = [{ uuid: "i1", op: "set" as const, prop: "image" as const, value }];
      assert.deepEqual(await failure(client().patchInstances({ body })), ["API_REJECTED", 400, "because one"]);
    }
  });

  it("sends no image without the credentials that it needs", async () => {
    const body = { image: { url: "app:1", credentials: "s3cret" } };
    nock(URL)
      .post("/v1/instances", body)
      .reply(...httpError(400, "because string"));
    assert.deepEqual(await failure(client().createInstance({ body })), ["API_REJECTED", 400, "because string"]);
  });

  it("deletes without options, each object by its given selector", async () => {
    nock(URL)
      .delete("/v1/instances")
      .reply(...httpError(400, "Unknown member 'timeout_s'"));
    nock(URL)
      .delete("/v1/instances", [{ uuid: "i1" }, { name: "two" }])
      .reply(...ok("instances", instance, instance));
    const body = [
      { uuid: "i1", timeout_s: -1 },
      { name: "two", dont_retain: true },
    ];
    assert.equal((await client().deleteInstances({ body })).items.length, 2);
  });

  it("sends a delete without options once", async () => {
    nock(URL)
      .delete("/v1/instances")
      .reply(...httpError(400, "because one"));
    assert.deepEqual(await failure(client().deleteInstances({ body: [{ uuid: "i1" }] })), [
      "API_REJECTED",
      400,
      "because one",
    ]);
  });

  it("reads the common name of a certificate from cn", async () => {
    const material = { name: "c", chain: "CHAIN", pkey: "KEY" };
    nock(URL)
      .post("/v1/certificates", { ...material, common_name: "example.com" })
      .reply(...httpError(400, "Unknown member"));
    nock(URL)
      .post("/v1/certificates", { ...material, cn: "example.com" })
      .reply(...ok("certificates", { status: "success", uuid: "c1", name: "c" }));
    const response = await client().createCertificate({ body: { ...material, common_name: "example.com" } });
    assert.equal(response.items[0]?.uuid, "c1");
  });

  it("waits by PUT, in milliseconds and without a limit", async () => {
    const subject = client();
    const query = { uuid: ["i1", "i2"], timeout_s: [2, -1] };
    nock(URL).get("/v1/instances/wait?uuid=i1&uuid=i2&timeout_s=2&timeout_s=-1").reply(405, "");
    nock(URL)
      .put("/v1/instances/wait?uuid=i1&uuid=i2&timeout_s=2&timeout_s=-1")
      .reply(...httpError(400, "Unknown member 'timeout_s'"));
    nock(URL)
      .put("/v1/instances/wait?uuid=i1&uuid=i2&timeout_ms=2000&timeout_ms=-1")
      .twice()
      .reply(...ok("instances", instance));
    assert.equal((await subject.waitInstances({ query })).items.length, 1);
    assert.equal((await subject.waitInstances({ query })).items.length, 1);
  });

  it("uses older paths and methods, remembered per operation", async () => {
    const subject = client();
    nock(URL).get("/v1/images").reply(404, "not found", { "content-type": "text/plain" });
    nock(URL)
      .get("/v1/images/list")
      .twice()
      .reply(...ok("images", { url: "app:1" }));
    nock(URL)
      .put("/v1/certificates")
      .reply(...httpError(405, "Method not allowed"));
    nock(URL)
      .patch("/v1/certificates")
      .reply(...ok("certificates", { status: "success", uuid: "c1", name: "c" }));
    assert.equal((await subject.getImages({})).items.length, 1);
    assert.equal((await subject.getImages({})).items.length, 1);
    const renewal = { body: [{ uuid: "c1", chain: "CHAIN", pkey: "KEY" }] };
    assert.equal((await subject.updateCertificates(renewal)).items.length, 1);
  });

  it("reports the first error if no variant is accepted", async () => {
    nock(URL)
      .get("/v1/images")
      .reply(...httpError(404, "because first"));
    nock(URL)
      .get("/v1/images/list")
      .reply(...httpError(404, "because second"));
    assert.deepEqual(await failure(client().getImages({})), ["API_REJECTED", 404, "because first"]);

    nock(URL)
      .delete("/v1/instances")
      .reply(...httpError(400, "because first"));
    nock(URL)
      .delete("/v1/instances")
      .reply(...httpError(400, "because second"));
    const body = [{ uuid: "i1", timeout_s: 3 }];
    assert.deepEqual(await failure(client().deleteInstances({ body })), ["API_REJECTED", 400, "because first"]);
  });

  it("stops trying variants once a create may have succeeded", async () => {
    const body = { image: { url: "app:1", pull_policy: "never" as const } };
    nock(URL)
      .post("/v1/instances")
      .reply(...httpError(400, "because first"));
    nock(URL)
      .post("/v1/instances", { image: "app:1" })
      .replyWithError(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    const error: unknown = await client()
      .createInstance({ body })
      .catch((e: unknown) => e);
    assert.ok(UnikernelError.has(error, "API_UNREACHABLE"), String(error));
    assert.equal(error.details["mayHaveActed"], true);
  });

  it("does not treat a node as older because an item failed", async () => {
    const item = { status: "error", error: 8, message: "No image" };
    nock(URL)
      .post("/v1/instances")
      .twice()
      .reply(200, { status: "error", message: "Failed to perform all operations", data: { instances: [item] } });
    const subject = client();
    const body = { image: { url: "app:1", pull_policy: "never" as const } };
    assert.equal((await subject.createInstance({ body })).items[0]?.error, 8);
    assert.equal((await subject.createInstance({ body })).items[0]?.error, 8);
  });
});
