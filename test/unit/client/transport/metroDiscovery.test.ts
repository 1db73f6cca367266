import assert from "node:assert/strict";
import nock from "nock";
import { type Client } from "../../../../provider/client/client";
import {
  type MetroItem,
  findMetroUrl,
  createMetroResolver,
} from "../../../../provider/client/transport/metroDiscovery";
import { resolveMetro } from "../../../../provider/base/config/metroConfig";
import { UnikernelError, formatError } from "../../../../provider/base/errors";
import { createContext } from "../../../../provider/resources/context";
import { allowLoopback } from "../../../support/offline";

const CONTROL_PLANE = "https://controlplane.unikraft.cloud";
const metros: readonly MetroItem[] = [
  { name: "fra", endpoint: "https://api.fra.unikraft.cloud/v1", iata_code: "FRA" },
  { name: "tokyo", endpoint: "https://api.nrt0.example.com/v1/", iata_code: "NRT" },
  { name: "bare", endpoint: "api.bare.example.com" },
];
const metrosResponse = { status: "success", data: { metros } };

const clientFor = (metro: string): Client =>
  createContext(resolveMetro({ argument: { metro, token: "t0ken" } })).client;
const ok = { status: "success", data: { volumes: [] } };

const rejectionOf = async (promise: Promise<unknown>): Promise<UnikernelError> => {
  const error: unknown = await promise.catch((e: unknown) => e);
  assert.ok(UnikernelError.is(error), String(error));
  return error;
};

describe("metro discovery", () => {
  before(() => nock.disableNetConnect());
  after(allowLoopback);
  afterEach(() => {
    assert.deepEqual(nock.pendingMocks(), []);
    nock.cleanAll();
  });

  it("sends no request for a known code", async () => {
    nock("https://api.fra.unikraft.cloud").get("/v1/volumes").reply(200, ok);
    assert.deepEqual((await clientFor("fra").getVolumes({})).items, []);
  });

  it("queries the control plane once for any other code, with the token and on first use", async () => {
    nock(CONTROL_PLANE, { reqheaders: { authorization: "Bearer t0ken" } })
      .get("/v1/metros")
      .reply(200, metrosResponse);
    nock("https://api.nrt0.example.com").get("/v1/volumes").twice().reply(200, ok);
    const client = clientFor("tokyo");
    await Promise.all([client.getVolumes({}), client.getVolumes({})]);
  });

  it("rejects a code that the control plane does not know and suggests the nearest", async () => {
    nock(CONTROL_PLANE).get("/v1/metros").reply(200, metrosResponse);
    const error = await rejectionOf(clientFor("tokio").getVolumes({}));
    assert.equal(error.code, "CONFIG_INVALID");
    assert.match(formatError(error), /Unknown metro 'tokio'\. Known metros: bare, fra, tokyo\. Did you mean 'tokyo'\?/);
  });

  it("falls back to the default address if the control plane fails, and reports if that fails too", async () => {
    nock(CONTROL_PLANE).get("/v1/metros").reply(500, "out of order");
    nock("https://api.nowhere.unikraft.cloud")
      .post("/v1/volumes")
      .replyWithError(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    const error = await rejectionOf(clientFor("nowhere").createVolume({ body: { size_mb: 1 } }));
    assert.equal(error.code, "API_UNREACHABLE");
    assert.match(
      formatError(error),
      /got no response from https:\/\/api\.nowhere\..*This address is a guess.*HTTP 500/,
    );
    assert.match(
      formatError(error),
      /Metro 'nowhere' is not among the usual ones: fra, dal, sin, was, sfo, local\. This/,
    );
  });

  it("suggests a metro for a misspelt one while the control plane fails", async () => {
    nock(CONTROL_PLANE).get("/v1/metros").reply(500, "out of order");
    nock("https://api.frra.unikraft.cloud").post("/v1/volumes").replyWithError("getaddrinfo ENOTFOUND");
    const error = await rejectionOf(clientFor("frra").createVolume({ body: { size_mb: 1 } }));
    assert.match(formatError(error), /Metro 'frra' is not among the usual ones: .* Did you mean 'fra'\?/);
  });

  it("works with one concurrent request", async () => {
    nock(CONTROL_PLANE).get("/v1/metros").reply(200, metrosResponse);
    nock("https://api.bare.example.com").get("/v1/volumes").reply(200, ok);
    const config = resolveMetro({ argument: { metro: "bare", token: "t", maxConcurrency: "1" } });
    assert.deepEqual((await createContext(config).client.getVolumes({})).items, []);
  });

  it("finds a metro by its name, then by its airport code", () => {
    assert.equal(findMetroUrl("nrt", metros), "https://api.nrt0.example.com");
    assert.equal(
      findMetroUrl("fra", [{ name: "x", endpoint: "https://x", iata_code: "FRA" }, ...metros]),
      "https://api.fra.unikraft.cloud",
    );
  });

  it("sends no token in clear text or to an invalid address", () => {
    for (const endpoint of ["http://api.example.com", "ftp://x", "https://"]) {
      assert.throws(
        () => findMetroUrl("x", [{ name: "x", endpoint }]),
        (error) => UnikernelError.has(error, "API_SHAPE"),
        endpoint,
      );
    }
    assert.equal(findMetroUrl("x", [{ name: "x", endpoint: "http://127.0.0.1:9000/v1" }]), "http://127.0.0.1:9000");
  });

  it("does not query the control plane again after it has responded", async () => {
    let requests = 0;
    const resolve = createMetroResolver(
      { metro: "tokyo", url: "https://guess", token: "t" },
      () => (requests++, Promise.resolve(metros)),
    );
    await resolve();
    await resolve();
    assert.equal(requests, 1);
  });
});
