import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import nock from "nock";
import { type Digest, digestOf } from "../../../../provider/base/digest";
import { type ErrorCode, UnikernelError } from "../../../../provider/base/errors";
import { extractLayer } from "../../../../provider/image/oci/layer";
import { type Layout, openLayout } from "../../../../provider/image/oci/layout";
import type { StoredImage } from "../../../../provider/image/oci/storedImage";
import { pullRuntime as pullRuntimeNow } from "../../../../provider/image/registry/pull";
import { allowLoopback } from "../../../support/offline";

const HOST = "https://index.unikraft.io";
const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** Without waiting between attempts. */
const pullRuntime = (reference: string, target: Layout, signal?: AbortSignal): Promise<StoredImage> =>
  pullRuntimeNow(reference, target, {
    signal,
    sleep: () => Promise.resolve(),
    allowedTokenHosts: ["auth.example.org"],
  });

const rejectsWith = (promise: Promise<unknown>, code: ErrorCode, text = /./): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.ok(UnikernelError.has(error, code), String(error));
    assert.match(error.message, text);
    return true;
  });

describe("pulling a runtime", () => {
  let folder: string;
  let layout: Layout;
  /** Path below `/v2/` → content type and bytes in a small registry with `official/base` for two platforms. */
  let content: Map<string, { type: string; bytes: Buffer }>;
  let indexDigest: Digest;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "pull-"));
    layout = openLayout(path.join(folder, "layout"));
    content = new Map();
    // The images are created in separate layouts; these tests cover their transfer.
    const entries: object[] = [];
    for (const os of ["xen", "qemu"]) {
      const source = openLayout(path.join(folder, os));
      await fs.writeFile(path.join(folder, "kernel"), `kernel for ${os}`);
      const config = { cmd: [`/${os}`], env: {}, labels: {} };
      const platform = { os, architecture: "x86_64" };
      const { digest } = await source.putImage({
        repository: "x",
        platform,
        config,
        kernel: { file: path.join(folder, "kernel") },
      });
      for (const name of await fs.readdir(path.join(source.folder, "blobs/sha256"))) {
        const bytes = await fs.readFile(path.join(source.folder, "blobs/sha256", name));
        content.set(`official/base/blobs/sha256:${name}`, { type: "application/octet-stream", bytes });
        content.set(`official/base/manifests/sha256:${name}`, { type: MANIFEST, bytes });
      }
      const index = JSON.parse(
        await fs.readFile(path.join(source.folder, "blobs/sha256", digest.slice(7)), "utf8"),
      ) as {
        manifests: object[];
      };
      entries.push(...index.manifests);
    }
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: entries }));
    indexDigest = digestOf(bytes);
    content.set("official/base/manifests/latest", { type: INDEX, bytes });
    content.set(`official/base/manifests/${indexDigest}`, { type: INDEX, bytes });
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  describe("from the vendor's registry", () => {
    before(allowLoopback);
    afterEach(() => nock.cleanAll());

    const serve = (scope = nock(HOST)): nock.Scope =>
      scope
        .persist()
        .get(/^\/v2\//)
        .reply((request: Request) => {
          const found = content.get(decodeURIComponent(new URL(request.url).pathname.slice("/v2/".length)));
          return found === undefined ? [404, "{}"] : [200, found.bytes, { "content-type": found.type }];
        });

    it("finds a bare name among the official images for the QEMU platform", async () => {
      serve();
      const image = await pullRuntime("base", layout);
      assert.deepEqual([image.repository, image.tag, image.digest], ["base", "latest", indexDigest]);
      assert.deepEqual([image.platform.os, image.cmd], ["qemu", ["/qemu"]]);
      assert.ok(image.kernel);
      await extractLayer(image.kernel, path.join(folder, "out"));
      assert.equal(await fs.readFile(path.join(folder, "out"), "utf8"), "kernel for qemu");
      assert.equal((await layout.resolve(`official/base@${indexDigest}`))?.digest, indexDigest);
    });

    it("requests a referenced digest and rejects other bytes", async () => {
      serve();
      assert.equal((await pullRuntime(`base@${indexDigest}`, layout)).digest, indexDigest);
      content.set(`official/base/manifests/${indexDigest}`, { type: INDEX, bytes: Buffer.from("{}") });
      await rejectsWith(pullRuntime(`base@${indexDigest}`, layout), "API_SHAPE", /another digest/);
    });

    it("does not fetch blobs that the layout has", async () => {
      serve();
      await pullRuntime("base", layout);
      for (const key of content.keys()) if (key.includes("/blobs/")) content.delete(key);
      assert.equal((await pullRuntime("base", layout)).digest, indexDigest);
    });

    it("gets an anonymous token where the registry sends it", async () => {
      const tokenServer = nock("https://auth.example.org", { badheaders: ["authorization"] })
        .get("/token")
        .query({ service: "the registry", scope: "repository:official/base:pull" })
        .reply(200, { token: "t-anonymous" });
      serve(nock(HOST, { reqheaders: { authorization: "Bearer t-anonymous" } }));
      nock(HOST, { badheaders: ["authorization"] })
        .get(/./)
        .reply(401, "{}", {
          "www-authenticate": 'Bearer realm="https://auth.example.org/token",service="the registry"',
        });
      assert.equal((await pullRuntime("base", layout)).digest, indexDigest);
      tokenServer.done();
    });

    it("shows no token when the registry rejects it, or when the network breaks", async () => {
      nock("https://auth.example.org").persist().get("/token").query(true).reply(200, { access_token: "hunter2" });
      const challenge = { "www-authenticate": 'Bearer realm="https://auth.example.org/token"' };
      nock(HOST, { badheaders: ["authorization"] })
        .persist()
        .get(/./)
        .reply(401, "{}", challenge);
      const withToken = () => nock(HOST, { reqheaders: { authorization: "Bearer hunter2" } }).get(/./);
      for (const [code, text] of [
        ["API_UNAUTHORIZED", /HTTP 401/],
        ["API_UNREACHABLE", /ECONNRESET/],
      ] as const) {
        if (code === "API_UNAUTHORIZED") withToken().reply(401, "{}");
        else
          withToken()
            .times(6)
            .replyWithError(Object.assign(new Error("Bearer hunter2"), { code: "ECONNRESET" }));
        await assert.rejects(pullRuntime("base", layout), (error) => {
          assert.ok(UnikernelError.has(error, code), String(error));
          assert.match(error.message, text);
          assert.ok(!JSON.stringify([error.message, error.hint, error.details]).includes("hunter2"));
          return true;
        });
      }
    });

    it("fails with API_UNAUTHORIZED for a registry that requires a password", async () => {
      nock(HOST).get(/./).reply(401, "{}", { "www-authenticate": 'Basic realm="x"' });
      await rejectsWith(pullRuntime("base", layout), "API_UNAUTHORIZED", /HTTP 401/);
    });

    it("asks no token of an address without TLS", async () => {
      nock(HOST)
        .persist()
        .get(/./)
        .reply(401, "{}", { "www-authenticate": 'Bearer realm="http://auth.example.org/token"' });
      await rejectsWith(pullRuntime("base", layout), "API_SHAPE", /not HTTPS/);
    });

    it("does not follow a redirect away from TLS", async () => {
      nock(HOST).get(/./).reply(302, "", { location: "http://example.org/v2/x" });
      const plain = nock("http://example.org").get(/./).reply(200, "{}");
      await rejectsWith(
        pullRuntime("base", layout),
        "API_SHAPE",
        /an address that is not HTTPS \(http:\/\/example.org\)/,
      );
      assert.equal(plain.isDone(), false);
    });

    it("reports API_UNREACHABLE if the server is down or fails, so that a caller can fall back", async () => {
      nock(HOST)
        .get(/./)
        .times(2)
        .replyWithError(Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" }));
      await rejectsWith(pullRuntime("base", layout), "API_UNREACHABLE", /index\.unikraft\.io.*ENOTFOUND/);
      for (const status of [429, 500, 503]) {
        nock(HOST).get(/./).times(6).reply(status, "");
        await rejectsWith(pullRuntime("base", layout), "API_UNREACHABLE", new RegExp(String(status)));
      }
    });

    it("distinguishes missing images, missing architectures and foreign responses", async () => {
      serve();
      await rejectsWith(pullRuntime("other:1.0", layout), "NOT_FOUND", /official\/other:1\.0/);
      const manifests = [
        { mediaType: MANIFEST, digest: indexDigest, size: 1, platform: { os: "qemu", architecture: "arm64" } },
      ];
      const otherArchitecture = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
      content.set("official/arm/manifests/latest", { type: INDEX, bytes: otherArchitecture });
      await rejectsWith(pullRuntime("arm", layout), "RUNTIME_UNAVAILABLE", /built for qemu\/arm64, not for x86_64/);
      content.set("official/base/manifests/latest", { type: "text/html", bytes: Buffer.from("<html>") });
      await rejectsWith(pullRuntime("base", layout), "API_SHAPE");
      await rejectsWith(pullRuntime("No Name", layout), "INPUT_INVALID");
      assert.deepEqual(await layout.list(), []);
    });

    it("rejects a blob with other bytes and stores nothing", async () => {
      serve();
      for (const [key, value] of content) {
        if (key.includes("/blobs/")) content.set(key, { ...value, bytes: Buffer.alloc(value.bytes.length) });
      }
      await rejectsWith(pullRuntime("base", layout), "API_SHAPE", /does not match its digest/);
      assert.deepEqual(await layout.list(), []);
    });
  });

  describe("from a registry on this machine", () => {
    let server: http.Server;
    let host: string;
    let respond: http.RequestListener;

    beforeEach(async () => {
      server = http.createServer((request, response) => respond(request, response));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterEach(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });

    it("uses plain HTTP and follows blob redirects under the registry's name", async () => {
      respond = ({ url = "" }, response) => {
        const name = url.replace(/^\/(v2|elsewhere)\//, "");
        const found = content.get(name);
        if (found === undefined) response.writeHead(404).end();
        else if (name.includes("/blobs/") && url.startsWith("/v2/")) {
          response.writeHead(307, { location: `/elsewhere/${name}` }).end();
        } else response.writeHead(200, { "content-type": found.type }).end(found.bytes);
      };
      const image = await pullRuntime(`${host}/official/base`, layout);
      assert.deepEqual([image.digest, image.repository], [indexDigest, `${host}/official/base`]);
    });

    it("fails for endless redirects and broken connections", async () => {
      respond = ({ url }, response) => response.writeHead(302, { location: url }).end();
      await rejectsWith(pullRuntime(`${host}/official/base`, layout), "API_SHAPE", /more than 5 redirects/);
      respond = (_request, response) => response.socket?.destroy();
      await rejectsWith(pullRuntime(`${host}/official/base`, layout), "API_UNREACHABLE");
      respond = (_request, response) => {
        response.writeHead(200, { "content-length": 100 });
        response.write("{");
        response.socket?.destroySoon();
      };
      await rejectsWith(pullRuntime(`${host}/official/base`, layout), "API_UNREACHABLE");
    });

    it("stops on abort", async () => {
      const controller = new AbortController();
      respond = () => controller.abort(new Error("enough"));
      await assert.rejects(pullRuntime(`${host}/official/base`, layout, controller.signal), /enough/);
    });
  });
});
