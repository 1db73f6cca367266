import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { type Digest, digestOf } from "../../../../provider/base/digest";
import { type ErrorCode, UnikernelError } from "../../../../provider/base/errors";
import { type Layout, openLayout } from "../../../../provider/image/oci/layout";
import type { CredentialSource } from "../../../../provider/image/registry/auth/credentials";
import { createRegistryClient } from "../../../../provider/image/registry/api/client";
import { apiUrl, isAllowedUrl, resolveEndpoint } from "../../../../provider/image/registry/endpoint";
import { describeFailureBody } from "../../../../provider/image/registry/errors";
import { type RegistryAccess, pullImage } from "../../../../provider/image/registry/pull";
import { pushImage } from "../../../../provider/image/registry/push";
import { MAX_ATTEMPTS, parseRetryAfter, retryDelayMs } from "../../../../provider/image/registry/retry";
import { type Fault, type FakeRegistry, startFakeRegistry } from "../../../support/fakeRegistry";
import { putTestImage } from "../../../support/testImages";

const QEMU = { os: ["qemu"], architecture: "x86_64" };
const INDEX = "application/vnd.oci.image.index.v1+json";

describe("pulling from a faulty registry", () => {
  let folder: string;
  let target: Layout;
  let digest: Digest;
  let registry: FakeRegistry;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "faults-"));
    registry = await startFakeRegistry();
    const image = await putTestImage(folder, { rootfs: Buffer.alloc(3 * 2 ** 20, "rootfs ") });
    digest = image.digest;
    await pushImage(image.layout, digest, `${registry.host}/acme/shop:v1`);
    target = openLayout(path.join(folder, "target"));
  });
  afterEach(async () => {
    await registry[Symbol.asyncDispose]();
    await fs.rm(folder, { recursive: true });
  });

  const pull = (access: RegistryAccess = {}, name = "acme/shop:v1") =>
    pullImage(`${registry.host}/${name}`, target, { platform: QEMU, sleep: () => Promise.resolve(), ...access });
  async function failsWith(code: ErrorCode, text: RegExp, access: RegistryAccess = {}): Promise<void> {
    await assert.rejects(pull(access), (error) => {
      assert.ok(UnikernelError.has(error, code), String(error));
      assert.match(error.message, text);
      return true;
    });
    assert.deepEqual(await target.list(), []);
  }
  const isBlob = (request: { method: string; path: string }): boolean =>
    request.method === "GET" && request.path.includes("/blobs/");
  /** Responds to every GET of a blob with `respond`. */
  const onBlobs =
    (respond: (response: http.ServerResponse) => void): Fault =>
    (request, response) => {
      if (isBlob(request)) respond(response);
      return isBlob(request);
    };

  it("resumes a blob from where the connection broke", async () => {
    let cut = false;
    registry.fault = (request, response) => {
      const bytes = registry.blobs.get(request.path.replace("/blobs/", "@"));
      if (!isBlob(request) || bytes === undefined || bytes.length < 2 ** 20 || cut) return false;
      cut = true;
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, 2 ** 20), () => response.socket?.destroy());
      return true;
    };
    assert.equal((await pull()).digest, digest);
    const ranges = registry.requests.map(({ headers }) => headers.range).filter((range) => range !== undefined);
    assert.equal(ranges.length, 1);
    assert.match(ranges[0] ?? "", /^bytes=\d{5,}-$/);
  });

  it("skips what it has when a registry ignores the range", async () => {
    let cut = false;
    registry.fault = (request, response) => {
      const bytes = registry.blobs.get(request.path.replace("/blobs/", "@"));
      if (!isBlob(request) || bytes === undefined || bytes.length < 2 ** 20) return false;
      response.writeHead(200, { "content-length": bytes.length });
      if (cut) response.end(bytes);
      else response.write(bytes.subarray(0, 2 ** 20), () => response.socket?.destroy());
      cut = true;
      return true;
    };
    assert.equal((await pull()).digest, digest);
  });

  it("rejects other bytes, other sizes and another range", async () => {
    registry.fault = onBlobs((response) => response.writeHead(200).end("other"));
    await failsWith("API_SHAPE", /5 bytes instead of \d+|more than the/);
    registry.fault = (request, response) => {
      const bytes = registry.blobs.get(request.path.replace("/blobs/", "@"));
      if (!isBlob(request) || bytes === undefined) return false;
      response.writeHead(200).end(Buffer.alloc(bytes.length));
      return true;
    };
    await failsWith("API_SHAPE", /does not match its digest/);
  });

  it("ends an endless blob at its size", async () => {
    registry.fault = onBlobs((response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
        response.once("drain", more);
      };
      more();
    });
    await failsWith("API_SHAPE", /more than the \d+ bytes/);
  });

  it("ends an endless manifest at 4 MiB", async () => {
    registry.fault = ({ path: name }, response) => {
      if (!name.includes("manifests")) return false;
      response.writeHead(200, { "content-type": INDEX });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, " ")));
        response.once("drain", more);
      };
      more();
      return true;
    };
    await failsWith("API_SHAPE", /larger than 4 MiB/);
  });

  it("rejects a manifest with another digest than in its header, and than was asked for", async () => {
    registry.fault = ({ path: name }, response) => {
      if (!name.endsWith("manifests/v1")) return false;
      response.writeHead(200, { "content-type": INDEX, "docker-content-digest": digestOf("x") }).end("{}");
      return true;
    };
    await failsWith("API_SHAPE", /do not match the digest in its header/);
    registry.fault = ({ path: name }, response) => {
      if (!name.includes("manifests/sha256")) return false;
      response.writeHead(200, { "content-type": INDEX }).end("{}");
      return true;
    };
    await failsWith("API_SHAPE", /another digest/);
  });

  const documents: Record<string, [unknown, RegExp]> = {
    "no JSON": ["<html>", /not a valid OCI document/],
    "an index of nothing": [
      { schemaVersion: 2, mediaType: INDEX, manifests: [] },
      /built for no platform, not for qemu\/x86_64/,
    ],
    "Docker's first schema": [{ schemaVersion: 1, name: "x", fsLayers: [] }, /not a valid OCI document/],
    "a manifest with a digest of another algorithm": [
      { schemaVersion: 2, config: { mediaType: "x", digest: "md5:1", size: 1 }, layers: [] },
      /not a valid OCI document/,
    ],
    "a manifest with a negative size": [
      { schemaVersion: 2, config: { mediaType: "x", digest: digestOf("x"), size: -1 }, layers: [] },
      /not a valid OCI document/,
    ],
    "an index that contains itself": [undefined, /built for|another digest/],
  };
  for (const [what, [document, message]] of Object.entries(documents)) {
    it(`rejects ${what}`, async () => {
      registry.fault = ({ path: name }, response) => {
        if (!name.includes("manifests/")) return false;
        const self = {
          mediaType: INDEX,
          digest: digestOf("x"),
          size: 1,
          platform: { os: "qemu", architecture: "x86_64" },
        };
        const body = document ?? { schemaVersion: 2, mediaType: INDEX, manifests: [self] };
        response.writeHead(200, {
          "content-type": INDEX.replace("index", document === undefined ? "index" : "manifest"),
        });
        response.end(typeof body === "string" ? body : JSON.stringify(body));
        return true;
      };
      await assert.rejects(pull(), (error) => {
        assert.ok(UnikernelError.has(error, "API_SHAPE", "NOT_FOUND"), String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it("does not send credentials to the host of a redirect, and follows it", async () => {
    const seen: (string | undefined)[] = [];
    await using storage = await startFakeRegistry();
    storage.fault = (request, response) => {
      seen.push(request.headers.authorization);
      response.end(registry.blobs.get(`acme/shop@${request.path.split("/").at(-1)}`));
      return true;
    };
    registry.fault = (request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
        return true;
      }
      if (!isBlob(request)) return false;
      response
        .writeHead(307, { location: `http://${storage.host}/v2/x/blobs/${request.path.split("/").at(-1)}` })
        .end();
      return true;
    };
    const credentials: CredentialSource = async () => ({ type: "password", username: "alice", password: "hunter2" });
    assert.equal((await pull({ credentials })).digest, digest);
    assert.deepEqual(new Set(seen), new Set([undefined]));
  });

  it("asks no token server on another host, unless it is allowed", async () => {
    registry.fault = (_request, response) => {
      response.writeHead(401, { "www-authenticate": 'Bearer realm="https://evil.example/token"' }).end();
      return true;
    };
    const looked: string[] = [];
    const credentials: CredentialSource = async ({ registry: name }) => {
      looked.push(name);
      return { type: "password", username: "alice", password: "hunter2" };
    };
    await failsWith("API_SHAPE", /token server on another host, 'evil.example'/, { credentials });
    assert.deepEqual(looked, [registry.host]);
  });

  it("shows no secret that the registry repeats", async () => {
    registry.fault = ({ headers }, response) => {
      const status = headers.authorization === undefined ? 401 : 403;
      response.writeHead(status, { "www-authenticate": "Basic realm=x" });
      response.end(`denied: ${headers.authorization} and hunter2`);
      return true;
    };
    const credentials: CredentialSource = async () => ({ type: "password", username: "alice", password: "hunter2" });
    await assert.rejects(pull({ credentials }), (error) => {
      assert.ok(UnikernelError.has(error, "API_UNAUTHORIZED"), String(error));
      assert.match(error.message, /denied: Basic \*\*\* and \*\*\*/);
      assert.match(error.hint ?? "", /these credentials/);
      return true;
    });
  });

  it("gives up a registry that stalls before a response or within one, after retries", async () => {
    const stalls: readonly Fault[] = [
      () => true,
      ({ path: name }, response) => {
        if (!name.includes("/manifests/")) return false;
        response.writeHead(200, { "content-length": 1_000 });
        response.write("{");
        return true;
      },
      onBlobs((response) => {
        response.writeHead(200, { "content-length": 1_000_000 });
        response.write("x");
      }),
    ];
    for (const [at, stall] of stalls.entries()) {
      registry.fault = stall;
      const before = registry.requests.length;
      await failsWith("API_UNREACHABLE", at === 0 ? /no response in time/ : /the transfer stalled/, {
        silenceTimeoutMs: 50,
      });
      assert.ok(registry.requests.length - before >= MAX_ATTEMPTS);
    }
  });

  it("stops when the caller aborts during a stalled blob, manifest or token", async () => {
    for (const part of ["/blobs/", "/manifests/"]) {
      const controller = new AbortController();
      registry.fault = ({ path: name, method }, response) => {
        if (!name.includes(part) || method !== "GET") return false;
        response.writeHead(200, { "content-length": 1_000_000 });
        response.write("{");
        setTimeout(() => controller.abort(new Error("enough")), 50);
        return true;
      };
      await assert.rejects(pull({ signal: controller.signal }), /enough/);
    }
    assert.deepEqual(await target.list(), []);
  });

  it("survives failures that pass: 500, 503, lost connections, a broken document", async () => {
    registry.fault = ({ count, method, path: name }, response) => {
      if (method !== "GET" || !name.includes("manifests") || count > 4) return false;
      if (count === 1) response.writeHead(500).end();
      if (count === 2) response.writeHead(503, { "retry-after": "0" }).end();
      if (count === 3) response.socket?.destroy();
      if (count === 4) {
        response.writeHead(200, { "content-length": 100 });
        response.write("{", () => response.socket?.destroy());
      }
      return true;
    };
    assert.equal((await pull()).digest, digest);
  });

  it("is not taken for a registry if it answers everything with a page", async () => {
    registry.fault = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<html>Log in</html>");
      return true;
    };
    const client = createRegistryClient({ registry: registry.host });
    const isShape = (error: unknown): boolean =>
      UnikernelError.has(error, "API_SHAPE") &&
      /a web page instead of an OCI response .*\((?:GET|HEAD|PUT) \/v2\/acme\/shop\/manifests\//.test(error.message);
    await assert.rejects(client.resolveManifest("acme/shop", digest), isShape);
    await assert.rejects(client.resolveManifest("acme/shop", "v1"), isShape);
    const manifest = { mediaType: "application/vnd.oci.image.index.v1+json", bytes: Buffer.from("{}") };
    await assert.rejects(client.putManifest("acme/shop", "v1", manifest), isShape);
  });

  it("names the request, and what was expected, for a status that no registry should send", async () => {
    for (const status of [500, 418, 204]) {
      registry.fault = (_request, response) => {
        response.writeHead(status, { "content-type": "text/html" }).end(status === 204 ? undefined : "<html>no</html>");
        return true;
      };
      await assert.rejects(pull(), (error) => {
        assert.ok(UnikernelError.has(error, "API_UNREACHABLE", "API_REJECTED", "API_SHAPE"));
        assert.match(error.message, new RegExp(`HTTP ${status} for manifest 'acme/shop:v1'`));
        assert.match(error.message, /\(GET \/v2\/acme\/shop\/manifests\/v1, expected HTTP 200\)/);
        return true;
      });
    }
    registry.fault = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Log in</html>");
      return true;
    };
    await failsWith(
      "API_SHAPE",
      /a web page instead of an OCI response for .* \(GET \/v2\/acme\/shop\/manifests\/v1\)\./,
    );
  });

  it("tells a missing image from a registry that fails", async () => {
    const client = createRegistryClient({ registry: registry.host, sleep: () => Promise.resolve() });
    const resolve = (tagOrDigest: string) => client.resolveManifest("acme/shop", tagOrDigest);
    assert.equal(await resolve("v1"), digest);
    assert.equal(await resolve(digest), digest);
    assert.equal(await resolve("v2"), undefined);
    registry.fault = (_request, response) => {
      response.writeHead(502).end();
      return true;
    };
    await assert.rejects(resolve("v2"), (error) => UnikernelError.has(error, "API_UNREACHABLE"));
    registry.fault = ({ method }, response) => {
      if (method === "HEAD") response.writeHead(200).end();
      return method === "HEAD";
    };
    assert.equal(await resolve("v1"), digest); // without the header, from the bytes
  });
});

describe("retries", () => {
  it("wait twice as long each time, up to 10 s, and end after six attempts", () => {
    const delays = [1, 2, 3, 4, 5].map((attempt) => retryDelayMs(attempt, undefined, 1));
    assert.deepEqual(delays, [250, 500, 1_000, 2_000, 4_000]);
    assert.equal(retryDelayMs(1, undefined, 0), 125);
    assert.equal(retryDelayMs(MAX_ATTEMPTS, undefined, 0), undefined);
  });
  it("wait for what the registry asks, but not longer than a minute", () => {
    assert.equal(retryDelayMs(1, 60_000, 0), 60_000);
    assert.equal(retryDelayMs(1, 60_001, 0), undefined);
    assert.equal(retryDelayMs(3, 1, 1), 1_000);
  });
  it("read both forms of Retry-After", () => {
    const now = Date.parse("2026-11-29T00:00:00Z");
    assert.equal(parseRetryAfter("120", now), 120_000);
    assert.equal(parseRetryAfter("Sun, 29 Nov 2026 00:00:05 GMT", now), 5_000);
    assert.equal(parseRetryAfter("Sun, 29 Nov 2020 00:00:05 GMT", now), 0);
    for (const header of [undefined, "", "-1", "soon", "1.5", "99999999999"])
      assert.equal(parseRetryAfter(header, now), undefined);
  });
});

describe("the endpoint of a reference", () => {
  it("is the vendor's registry, Docker Hub, or the host itself", () => {
    const of = (registry: string | undefined, repository: string) => {
      const endpoint = resolveEndpoint({ ...(registry === undefined ? {} : { registry }), repository });
      return `${apiUrl(endpoint.registry)}${endpoint.repository}`;
    };
    assert.equal(of(undefined, "base"), "https://index.unikraft.io/v2/official/base");
    assert.equal(of(undefined, "acme/shop"), "https://index.unikraft.io/v2/acme/shop");
    assert.equal(of("docker.io", "nginx"), "https://registry-1.docker.io/v2/library/nginx");
    assert.equal(of("index.docker.io", "acme/shop"), "https://registry-1.docker.io/v2/acme/shop");
    assert.equal(of("ghcr.io", "acme/shop"), "https://ghcr.io/v2/acme/shop");
    assert.equal(of("localhost:5000", "shop"), "http://localhost:5000/v2/shop");
  });
  it("is reached with TLS, except on the loopback interface, and TLS is never given up", () => {
    const allowed = (url: string, from?: string) =>
      isAllowedUrl(new URL(url), from === undefined ? undefined : new URL(from));
    assert.deepEqual(
      [allowed("https://a"), allowed("http://127.0.0.1:1"), allowed("http://a"), allowed("ftp://127.0.0.1")],
      [true, true, false, false],
    );
    assert.equal(allowed("http://127.0.0.1:1", "https://a"), false);
    assert.equal(allowed("https://a", "http://127.0.0.1"), true);
  });
});

describe("the message of a registry", () => {
  it("is its errors, or its text, but no page", () => {
    const errors = [{ code: "DENIED", message: "no" }, { code: "X" }, { message: "y" }, 7];
    assert.equal(describeFailureBody(JSON.stringify({ errors })), "DENIED: no; X; y");
    assert.equal(describeFailureBody("plain\u0000\u202etext"), "plain text");
    for (const body of ["<html>x</html>", "", "{}", "[]", '{"errors":7}', "null"])
      assert.equal(describeFailureBody(body), "", body);
    assert.equal(describeFailureBody("a".repeat(1_000)).length, 301);
    assert.equal(describeFailureBody("token abc and abc", ["", "abc"]), "token *** and ***");
  });
});
