/** Metros behind a forward proxy, configured or from the environment. Only the proxy can resolve the host names. */
import assert from "node:assert/strict";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { createClient } from "../../../provider/client/client";
import { UnikernelError, formatError } from "../../../provider/base/errors";
import { makeCertificate } from "../../support/certificates";
import { type ForwardProxy, startForwardProxy } from "../../support/forwardProxy";
import { type RawApi, VOLUMES_RESPONSE, jsonResponder, sendJson, startRawApi } from "../../support/rawApi";

const HOST = "api.metro.test";
const VARIABLES = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]);
const portOf = (url: string): number => Number(new URL(url).port);

describe("the client behind a proxy", () => {
  let api: RawApi;
  const environment = { ...process.env };
  beforeEach(async () => {
    for (const name of VARIABLES) delete process.env[name];
    api = await startRawApi(jsonResponder(200, VOLUMES_RESPONSE));
  });
  afterEach(async () => {
    process.env = { ...environment };
    await api[Symbol.asyncDispose]();
  });

  /** Backoffs take no time. */
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const client = (url: string, proxy?: string) =>
    createClient({ metro: "fra", endpoint: () => Promise.resolve({ url, token: "t0ken" }), proxy, clock });
  const urlOf = (proxy: ForwardProxy, credentials = "") => `http://${credentials}127.0.0.1:${proxy.port}`;

  it("sends plain HTTP requests through the configured proxy with user and password", async () => {
    await using proxy = await startForwardProxy({ to: portOf(api.url), password: "p@ss" });
    const response = await client(`http://${HOST}`, urlOf(proxy, "user:p%40ss@")).getVolumes({
      query: { name: ["data"] },
    });
    assert.equal(response.items[0]?.uuid, "u1");
    assert.deepEqual(proxy.requests, [`GET http://${HOST}/v1/volumes?name=data`]);
    assert.deepEqual(api.requests, ["GET /v1/volumes?name=data"]);
  });

  it("accepts a proxy password with a percent sign that is not an escape", async () => {
    await using proxy = await startForwardProxy({ to: portOf(api.url), password: "100%sure" });
    const response = await client(`http://${HOST}`, urlOf(proxy, "user:100%sure@")).getVolumes({});
    assert.equal(response.items[0]?.uuid, "u1");
  });

  it("tunnels HTTPS requests, so that the proxy sees neither token nor path", async () => {
    const { chain, pkey } = makeCertificate(HOST, [HOST]);
    const targets: string[] = [];
    const server = https.createServer({ cert: chain, key: pkey }, (request, response) => {
      targets.push(`${request.headers.authorization ?? ""} ${request.url ?? ""}`);
      sendJson(response, 200, VOLUMES_RESPONSE);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    await using proxy = await startForwardProxy({ to: (server.address() as AddressInfo).port, password: "secret" });
    const trustedCas = https.globalAgent.options.ca;
    try {
      // An untrusted certificate ends the first attempt.
      const subject = client(`https://${HOST}`, urlOf(proxy, "user:secret@"));
      const error: unknown = await subject.getVolumes({}).catch((e: unknown) => e);
      assert.ok(UnikernelError.has(error, "API_UNREACHABLE"), String(error));
      assert.match(error.message, /its certificate is not trusted/);
      assert.equal(proxy.requests.length, 1);

      https.globalAgent.options.ca = chain;
      assert.equal((await subject.createVolume({ body: { size_mb: 1 } })).items[0]?.uuid, "u1");
      assert.deepEqual(targets, ["Bearer t0ken /v1/volumes"]);
      assert.deepEqual(new Set(proxy.requests), new Set([`CONNECT ${HOST}:443`]));
      assert.doesNotMatch(JSON.stringify(proxy.headers), /t0ken/);
    } finally {
      if (trustedCas === undefined) delete https.globalAgent.options.ca;
      else https.globalAgent.options.ca = trustedCas;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("uses HTTP_PROXY and HTTPS_PROXY from the environment and respects NO_PROXY", async () => {
    await using proxy = await startForwardProxy({ to: portOf(api.url) });
    process.env["HTTP_PROXY"] = urlOf(proxy);
    process.env["HTTPS_PROXY"] = urlOf(proxy);
    await client(`http://${HOST}`).getVolumes({});
    // The server behind this tunnel does not use TLS.
    await assert.rejects(client(`https://${HOST}`).createVolume({ body: { size_mb: 1 } }));
    assert.deepEqual(proxy.requests, [`GET http://${HOST}/v1/volumes`, `CONNECT ${HOST}:443`]);

    process.env["NO_PROXY"] = ".metro.test";
    await assert.rejects(client(`http://${HOST}`).createVolume({ body: { size_mb: 1 } }), (error: unknown) =>
      UnikernelError.has(error, "API_UNREACHABLE"),
    );
    assert.equal(proxy.requests.length, 2);
  });

  it("connects to loopback addresses without the proxy", async () => {
    await using proxy = await startForwardProxy({ to: 9 });
    process.env["HTTP_PROXY"] = urlOf(proxy);
    for (const subject of [client(api.url), client(api.url, urlOf(proxy))]) {
      assert.equal((await subject.getVolumes({})).items.length, 1);
    }
    assert.deepEqual(proxy.requests, []);
  });

  it("reports a rejected proxy password without showing it", async () => {
    await using proxy = await startForwardProxy({ to: portOf(api.url), password: "other" });
    for (const url of [`http://${HOST}`, `https://${HOST}`]) {
      const error: unknown = await client(url, urlOf(proxy, "user:s3cret@"))
        .getVolumes({})
        .catch((e: unknown) => e);
      assert.ok(UnikernelError.has(error, "API_UNREACHABLE"), `${url}: ${String(error)}`);
      assert.match(
        formatError(error),
        /HTTP 407.*The proxy requires a user and a password; set them in unikernel:proxy/,
      );
      assert.doesNotMatch(`${formatError(error)} ${JSON.stringify(error.details)}`, /s3cret/);
    }
  });

  it("names the proxy that did not respond, without its password", async () => {
    const subject = client(`https://${HOST}`, "http://user:s3cret@127.0.0.1:9");
    const error: unknown = await subject.getVolumes({}).catch((e: unknown) => e);
    assert.match(
      formatError(error),
      /got no response from https:\/\/api\.metro\.test through http:\/\/127\.0\.0\.1:9 \(connection refused/,
    );
    assert.doesNotMatch(formatError(error), /s3cret/);
  });
});
