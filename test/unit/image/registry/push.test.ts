import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { type Digest, digestOf } from "../../../../provider/base/digest";
import { type ErrorCode, UnikernelError } from "../../../../provider/base/errors";
import { type Layout, openLayout } from "../../../../provider/image/oci/layout";
import { readLayoutImage } from "../../../../provider/image/oci/containerImage";
import { inspectImage } from "../../../../provider/image/registry/inspect";
import { pullRuntime } from "../../../../provider/image/registry/pull";
import { type PushOptions, type PushProgress, pushImage } from "../../../../provider/image/registry/push";
import { type FakeRegistry, startFakeRegistry } from "../../../support/fakeRegistry";
import { putTestImage, putTestPlatforms } from "../../../support/testImages";

const rejectsWith = (promise: Promise<unknown>, code: ErrorCode, text: RegExp): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.ok(UnikernelError.has(error, code), String(error));
    assert.match(error.message, text);
    return true;
  });

/** Larger than what is sent in one request. */
const LARGE = Buffer.alloc(5 * 2 ** 20, "rootfs ");

describe("pushing an image", () => {
  let folder: string;
  let layout: Layout;
  let digest: Digest;
  let registry: FakeRegistry;
  let waits: number[];

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "push-"));
    ({ layout, digest } = await putTestImage(folder, { rootfs: LARGE }));
    registry = await startFakeRegistry();
    waits = [];
  });
  afterEach(async () => {
    await registry[Symbol.asyncDispose]();
    await fs.rm(folder, { recursive: true });
  });

  const sleep = (ms: number): Promise<void> => {
    waits.push(ms);
    return Promise.resolve();
  };
  const push = (name = "acme/shop:v1", options: PushOptions = {}) =>
    pushImage(layout, digest, `${registry.host}/${name}`, { sleep, ...options });
  const sent = (method: string, kind: string): number =>
    registry.requests.filter((one) => one.method === method && one.path.includes(`/${kind}/`)).length;

  /** What was pushed is what a pull stores, bit for bit. */
  async function assertPulls(name = "acme/shop:v1"): Promise<void> {
    const target = openLayout(await fs.mkdtemp(path.join(folder, "pulled-")));
    assert.equal((await pullRuntime(`${registry.host}/${name}`, target, { sleep })).digest, digest);
    const blobs = (of: string) => fs.readdir(path.join(of, "blobs", "sha256"));
    const [pulled, stored] = [await blobs(target.folder), await blobs(layout.folder)];
    assert.equal(pulled.length, 5); // index, manifest, config, kernel and rootfs, each checked against its digest
    assert.ok(pulled.every((name) => stored.includes(name)));
  }

  it("sends every blob once, then the manifests, and pulls back the same image", async () => {
    const result = await push();
    assert.deepEqual([result.digest, result.uploadedBlobs.length, result.skippedBlobs], [digest, 3, []]);
    assert.deepEqual([sent("POST", "blobs/uploads"), sent("PATCH", "blobs/uploads")], [3, 1]);
    assert.deepEqual(
      registry.requests
        .filter(({ method }) => method === "PUT")
        .map((one) => /manifests\/(v1|sha256:)|uploads/.exec(one.path)?.[0]),
      ["uploads", "uploads", "uploads", "manifests/sha256:", "manifests/v1"],
    );
    await assertPulls();
  });

  it("sends nothing the second time, and only the tag for another tag", async () => {
    await push();
    const before = registry.requests.length;
    const result = await push();
    assert.deepEqual([result.uploadedBlobs, result.skippedBlobs.length], [[], 3]);
    assert.deepEqual(
      registry.requests.slice(before).map(({ method }) => method),
      ["HEAD", "HEAD", "HEAD"], // index, manifest, tag
    );
    await push("acme/shop:v2");
    assert.deepEqual([sent("POST", "blobs/uploads"), sent("PUT", "manifests")], [3, 3]);
    await assertPulls("acme/shop:v2");
  });

  it("sends what an image of several platforms has lost in the registry", async () => {
    ({ layout, digest } = await putTestPlatforms(folder, ["qemu/x86_64", "kraftcloud/arm64"]));
    await push();
    const whole = [...registry.manifests.keys()].toSorted();
    const { manifests } = JSON.parse(String(registry.manifests.get(`acme/shop@${digest}`)?.bytes)) as {
      manifests: { digest: string }[];
    };
    const lost = manifests[1]?.digest;
    assert.ok(registry.manifests.delete(`acme/shop@${lost}`));
    const layers = JSON.parse(
      await fs.readFile(path.join(layout.folder, "blobs/sha256", lost?.slice(7) ?? ""), "utf8"),
    ) as {
      layers: { digest: string }[];
    };
    assert.ok(registry.blobs.delete(`acme/shop@${layers.layers[0]?.digest}`), "its kernel, too");
    assert.deepEqual((await push()).uploadedBlobs, [layers.layers[0]?.digest]);
    assert.deepEqual([...registry.manifests.keys()].toSorted(), whole);
    assert.equal((await inspectImage(`${registry.host}/acme/shop:v1`, { sleep }))?.digest, digest);
  });

  it("sends one layer and the config after a change of code only", async () => {
    await push();
    ({ digest } = await putTestImage(folder, { rootfs: "another" }));
    const result = await push();
    assert.deepEqual([result.uploadedBlobs.length, result.skippedBlobs.length], [2, 1]);
    await assertPulls();
  });

  it("mounts blobs of another repository of the registry", async () => {
    await push("official/base:latest");
    const result = await push("acme/shop:v1", { mountFrom: `${registry.host}/official/base:latest` });
    assert.deepEqual([result.uploadedBlobs, result.skippedBlobs.length], [[], 3]);
    assert.equal(sent("PATCH", "blobs/uploads"), 1);
    await assertPulls();
  });

  it("uploads what a registry does not mount, and mounts nothing from another registry", async () => {
    assert.equal((await push("acme/shop:v1", { mountFrom: `${registry.host}/no/such` })).uploadedBlobs.length, 3);
    await push("acme/other:v1", { mountFrom: "index.unikraft.io/official/base" });
    assert.equal(registry.requests.filter(({ query }) => query.has("mount")).length, 3);
    await assertPulls("acme/other:v1");
  });

  it("reports the progress of each blob up to its size", async () => {
    const last = new Map<Digest, PushProgress>();
    await push("acme/shop:v1", { onProgress: (progress) => last.set(progress.digest, progress) });
    assert.equal(last.size, 3);
    for (const { sentBytes, sizeBytes } of last.values()) assert.equal(sentBytes, sizeBytes);
  });

  it("continues an upload where the registry says after the connection broke", async () => {
    let cutAt = 0;
    registry.fault = (request, _response, incoming) => {
      if (request.method === "PATCH" && request.count === 1) {
        incoming.on("data", (chunk: Buffer) => {
          cutAt += chunk.length;
          if (cutAt > 2 ** 20) incoming.socket.destroy();
        });
      }
      return false;
    };
    await push();
    const starts = registry.requests
      .filter(({ method }) => method === "PATCH")
      .map(({ headers }) => Number(/^\d+/.exec(headers["content-range"] ?? "")?.[0]));
    assert.equal(starts.length, 2);
    assert.equal(starts[0], 0);
    assert.ok((starts[1] ?? 0) > 0, `resumed at ${starts[1]}`);
    await assertPulls();
  });

  it("begins again when the registry has lost the upload", async () => {
    registry.fault = ({ method, count }, response, incoming) => {
      if (method !== "PATCH" || count > 1) return false;
      incoming.resume().on("end", () => response.writeHead(404).end());
      return true;
    };
    await push();
    await assertPulls();
  });

  it("takes a blob as sent when only the response was lost", async () => {
    registry.fault = ({ method, path: name, count }, response, incoming) => {
      if (method !== "PUT" || !name.includes("uploads") || count > 1) return false;
      response.on("finish", () => undefined);
      const end = response.end.bind(response);
      response.end = ((..._args: unknown[]) => {
        incoming.socket.destroy();
        return end();
      }) as typeof response.end;
      return false;
    };
    await push();
    assert.equal(sent("POST", "blobs/uploads"), 3);
    await assertPulls();
  });

  it("follows a Range that is behind what was sent", async () => {
    registry.fault = ({ method, count }, response) => {
      if (method === "PATCH" && count === 1) {
        const writeHead = response.writeHead.bind(response);
        response.writeHead = ((status: number, headers: object) => {
          response.removeHeader("range");
          return writeHead(status === 202 ? 416 : status, { ...headers });
        }) as typeof response.writeHead;
      }
      return false;
    };
    await push();
    await assertPulls();
  });

  it("waits as long as a registry asks for, then goes on", async () => {
    registry.fault = ({ method, count }, response) => {
      if (method !== "POST" || count > 2) return false;
      response.writeHead(429, { "retry-after": "7" }).end();
      return true;
    };
    await push();
    assert.deepEqual(waits.filter((ms) => ms >= 7_000).length, 2);
  });

  it("gives up a storm of 429 after six attempts, and at once when the delay is too long", async () => {
    registry.fault = (_request, response) => {
      response.writeHead(429, { "retry-after": "2" }).end();
      return true;
    };
    await assert.rejects(push(), (error) => {
      assert.ok(UnikernelError.has(error, "API_UNREACHABLE"));
      assert.equal(error.hint, "Rate limited; retry in 2 s.");
      return true;
    });
    assert.deepEqual([registry.requests.length, waits.length], [6, 5]);
    registry.fault = (_request, response) => {
      response.writeHead(429, { "retry-after": "3600" }).end();
      return true;
    };
    await rejectsWith(push(), "API_UNREACHABLE", /HTTP 429/);
    assert.equal(registry.requests.length, 7);
  });

  it("reports what the registry says: bounded, without control characters", async () => {
    const message = `quota exceeded\u001b[31m\n${"x".repeat(10_000)}`;
    registry.fault = ({ method }, response) => {
      if (method !== "POST") return false;
      response.writeHead(403, { "content-type": "application/json" });
      response.end(JSON.stringify({ errors: [{ code: "DENIED", message }] }));
      return true;
    };
    await assert.rejects(push(), (error) => {
      assert.ok(UnikernelError.has(error, "API_UNAUTHORIZED"));
      assert.match(error.message, /HTTP 403 .*: DENIED: quota exceeded \[31m x+…/);
      assert.ok(error.message.length < 600 && !/\p{Cc}/u.test(error.message));
      return true;
    });
  });

  const lies: Record<string, [FakeRegistry["fault"], RegExp]> = {
    "another digest of a blob": [
      ({ method, path: name }, response, incoming) => {
        if (method !== "PUT" || !name.includes("uploads")) return false;
        incoming.resume().on("end", () => response.writeHead(201, { "docker-content-digest": digestOf("x") }).end());
        return true;
      },
      /another digest/,
    ],
    "another digest of a manifest": [
      ({ method, path: name }, response, incoming) => {
        if (method !== "PUT" || !name.includes("manifests")) return false;
        incoming.resume().on("end", () => response.writeHead(201, { "docker-content-digest": digestOf("x") }).end());
        return true;
      },
      /another digest/,
    ],
    "another size of a blob": [
      ({ method, path: name }, response) => {
        if (method !== "HEAD" || !name.includes("blobs")) return false;
        response.writeHead(200, { "content-length": 1 }).end();
        return true;
      },
      /a size of 1 bytes instead of \d+/,
    ],
    "no Location": [
      ({ method }, response) => {
        if (method !== "POST") return false;
        response.writeHead(202).end();
        return true;
      },
      /no Location header/,
    ],
    "a malformed Location": [
      ({ method }, response) => {
        if (method !== "POST") return false;
        response.writeHead(202, { location: "http://[" }).end();
        return true;
      },
      /a malformed Location/,
    ],
    "a Location without TLS on another host": [
      ({ method }, response) => {
        if (method !== "POST") return false;
        response.writeHead(202, { location: "http://example.org/upload" }).end();
        return true;
      },
      /not HTTPS \(http:\/\/example.org\)/,
    ],
    "a Range beyond the blob": [
      ({ method }, response, incoming) => {
        if (method !== "PATCH") return false;
        incoming.resume().on("end", () => response.writeHead(202, { range: "0-999999999" }).end());
        return true;
      },
      /a Range beyond/,
    ],
    "a finished upload that never began": [
      ({ method }, response) => {
        if (method !== "POST") return false;
        response.writeHead(201).end();
        return true;
      },
      /HTTP 201 for an upload/,
    ],
  };
  for (const [what, [fault, message]] of Object.entries(lies)) {
    it(`fails for a registry that sends ${what}`, async () => {
      registry.fault = fault;
      await rejectsWith(push(), "API_SHAPE", message);
    });
  }

  it("ends when a registry keeps no byte of a part", async () => {
    registry.fault = ({ method }, response, incoming) => {
      if (method !== "PATCH") return false;
      incoming.resume().on("end", () => response.writeHead(202, { range: "0-0" }).end());
      return true;
    };
    await rejectsWith(push(), "API_UNREACHABLE", /did not keep a part/);
  });

  it("stops on abort, while a blob is sent too", async () => {
    const controller = new AbortController();
    registry.fault = ({ method }) => {
      if (method === "PATCH") controller.abort(new Error("enough"));
      return method === "PATCH";
    };
    await assert.rejects(push("acme/shop:v1", { signal: controller.signal }), /enough/);
  });

  it("fails for a damaged layout before the registry has a manifest", async () => {
    const image = await layout.resolve(`acme/shop@${digest}`);
    assert.ok(image?.initrd);
    await fs.writeFile(image.initrd.blob, Buffer.alloc(image.initrd.sizeBytes));
    await rejectsWith(push(), "API_REJECTED", /DIGEST_INVALID/);
    await fs.truncate(image.initrd.blob, 10);
    await rejectsWith(push(), "BUILD_FAILED", /too short/);
    assert.equal(registry.manifests.size, 0);
  });

  it("fails for an image that the layout lacks, and for another digest", async () => {
    await rejectsWith(pushImage(layout, digestOf("x"), `${registry.host}/a`), "NOT_FOUND", /has no image/);
    await rejectsWith(
      pushImage(layout, digest, `${registry.host}/a@${digestOf("x")}`),
      "INPUT_INVALID",
      /cannot be pushed/,
    );
    assert.equal(registry.requests.length, 0);
  });

  it("copies to a layout and an archive instead", async () => {
    const copy = path.join(folder, "copy");
    assert.equal((await pushImage(layout, digest, `oci-layout://${copy}:v1`)).digest, digest);
    await pushImage(layout, digest, `oci-layout://${copy}:v1`);
    const image = await readLayoutImage(copy, { tag: "v1", platform: { os: ["qemu"], architecture: "x86_64" } });
    assert.deepEqual([image.digest, image.cmd, image.layers.length], [digest, ["/server", "--port=8080"], 2]);
    assert.deepEqual((await fs.readdir(copy)).sort(), ["blobs", "index.json", "oci-layout"]);
    const archives = ["a.tar", "b.tar"].map((name) => path.join(folder, name));
    for (const file of archives) await pushImage(layout, digest, `oci-archive://${file}:v1`);
    const [one, other] = await Promise.all(archives.map((file) => fs.readFile(file)));
    assert.ok(one !== undefined && other !== undefined && one.equals(other));
    assert.equal((await fs.readdir(folder)).filter((name) => name.includes(".tar")).length, 2);
  });
});
