import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import type { Digest } from "../../../provider/base/digest";
import { UnikernelError } from "../../../provider/base/errors";
import { exec } from "../../../provider/base/exec";
import { attachDocuments } from "../../../provider/image/attest/attachDocuments";
import { listReferrers } from "../../support/referrers";
import { createSbom } from "../../../provider/image/attest/sbom";
import { signImage } from "../../../provider/image/attest/signature";
import { signerFromPem } from "../../../provider/image/attest/signer";
import { readLayoutImage } from "../../../provider/image/oci/containerImage";
import { findRoot } from "../../../provider/image/oci/exchange/collect";
import { type Layout, openLayout } from "../../../provider/image/oci/layout";
import { createRegistryClient } from "../../../provider/image/registry/api/client";
import { createCredentialSource } from "../../../provider/image/registry/auth/credentialSource";
import type { CredentialSource } from "../../../provider/image/registry/auth/credentials";
import { pullImage, pullRuntime } from "../../../provider/image/registry/pull";
import { pushImage } from "../../../provider/image/registry/push";
import { type DockerRegistry, type LoggedRequest, startDockerRegistry } from "../../support/dockerRegistry";
import { putTestImage } from "../../support/testImages";
import { startTokenServer } from "../../support/tokenServer";

/** Runs a third-party tool beside the servers of this process; if it is missing, the test fails and names the package. */
async function run(tool: string, args: readonly string[]): Promise<string> {
  const result = await exec(tool, args, { signal: AbortSignal.timeout(30_000) }).catch((error: unknown) =>
    assert.fail(`'${tool}' could not be run (${String(error)}); install Debian's package '${tool}'`),
  );
  assert.equal(result.code, 0, `${tool} ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

const skopeo = (...args: string[]): Promise<string> =>
  run("skopeo", ["--insecure-policy", "--override-os", "qemu", "--override-arch", "x86_64", ...args]);
interface SignatureManifest {
  readonly layers: readonly {
    readonly mediaType: string;
    readonly digest: Digest;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

const QEMU = { os: ["qemu"], architecture: "x86_64" } as const;
const LARGE = Buffer.alloc(6 * 2 ** 20, "rootfs ");

describe("images with skopeo and Debian's docker-registry", () => {
  let folder: string;
  let layout: Layout;
  let digest: Digest;
  let registry: DockerRegistry;

  before(async () => {
    registry = await startDockerRegistry();
  });
  after(() => registry[Symbol.asyncDispose]());
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "foreign-registry-"));
    ({ layout, digest } = await putTestImage(folder, { rootfs: LARGE }));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  /** Requests that changed the registry while `work` ran: `PUT blobs`, `PUT manifests`, … */
  async function changesDuring(work: () => Promise<unknown>): Promise<readonly string[]> {
    const before = (await registry.requests()).length;
    await work();
    const kind = ({ path: name }: LoggedRequest) => (name.includes("/blobs/") ? "blobs" : "manifests");
    return (await registry.requests())
      .slice(before)
      .filter(({ method }) => method === "PUT")
      .map((one) => `${one.method} ${kind(one)} ${one.status}`);
  }

  it("let skopeo read and copy an image that we pushed, with every digest", async () => {
    const name = `${registry.host}/push/shop:v1`;
    assert.equal((await pushImage(layout, digest, name)).digest, digest);
    const source = `docker://${name}`;
    const inspected = JSON.parse(await skopeo("inspect", "--tls-verify=false", source)) as {
      Digest: string;
      Layers: string[];
    };
    assert.deepEqual([inspected.Digest, inspected.Layers.length], [digest, 2]);
    const config = JSON.parse(await skopeo("inspect", "--config", "--tls-verify=false", source)) as {
      config: { Cmd: string[] };
    };
    assert.deepEqual(config.config.Cmd, ["/server", "--port=8080"]);
    const copy = path.join(folder, "copy");
    await skopeo("copy", "--all", "--quiet", "--preserve-digests", "--src-tls-verify=false", source, `oci:${copy}:v1`);
    assert.equal((await readLayoutImage(copy, { tag: "v1", platform: QEMU })).digest, digest);
  });

  it("let us pull an image that skopeo pushed", async () => {
    const name = `${registry.host}/pull/shop:v1`;
    const from = `oci:${layout.folder}:acme/shop:latest`;
    await skopeo("copy", "--all", "--quiet", "--preserve-digests", "--dest-tls-verify=false", from, `docker://${name}`);
    const target = openLayout(path.join(folder, "target"));
    const image = await pullRuntime(name, target);
    assert.deepEqual([image.digest, image.cmd], [digest, ["/server", "--port=8080"]]);
    await run("diff", ["-r", path.join(layout.folder, "blobs"), path.join(target.folder, "blobs")]);
  });

  it("let us pull Docker's format with compressed layers as they are", async () => {
    const name = `${registry.host}/docker/shop:v1`;
    // skopeo reuses what another repository has, compressed or not.
    await putTestImage(folder, { kernel: "a kernel of its own", rootfs: "a rootfs of its own" });
    const from = `oci:${layout.folder}:acme/shop:latest`;
    await skopeo(
      "copy",
      "--quiet",
      "--format=v2s2",
      "--dest-compress",
      "--dest-tls-verify=false",
      from,
      `docker://${name}`,
    );
    const image = await pullImage(name, openLayout(path.join(folder, "target")), { platform: QEMU });
    assert.deepEqual(
      image.layers.map(({ mediaType }) => mediaType),
      Array(2).fill("application/vnd.docker.image.rootfs.diff.tar.gzip"),
    );
    assert.deepEqual([image.cmd, image.env, image.entrypoint], [["/server", "--port=8080"], ["LEVEL=info"], []]);
    const [kernel] = image.layers;
    assert.ok(kernel);
    assert.equal(await run("tar", ["-xzOf", kernel.file]), "a kernel of its own");
  });

  it("show in the registry's log that a change of code sends one layer and its config", async () => {
    const name = `${registry.host}/change/shop:v1`;
    assert.deepEqual(await changesDuring(() => pushImage(layout, digest, name)), [
      ...Array<string>(3).fill("PUT blobs 201"),
      ...Array<string>(2).fill("PUT manifests 201"),
    ]);
    assert.deepEqual(await changesDuring(() => pushImage(layout, digest, name)), []);
    const changed = await putTestImage(folder, { rootfs: "new code" });
    const result = { uploaded: 0 };
    const changes = await changesDuring(async () => {
      result.uploaded = (await pushImage(layout, changed.digest, name)).uploadedBlobs.length;
    });
    assert.deepEqual([result.uploaded, changes.filter((one) => one === "PUT blobs 201").length], [2, 2]);
    const image = await layout.resolve(`acme/shop@${changed.digest}`);
    const blobs = (await registry.requests()).filter(
      ({ method, path: of, status }) => method === "HEAD" && status === 404 && of.includes("/change/"),
    );
    const missing = blobs.map((one) => one.path.split("/").at(-1));
    assert.ok(missing.includes(image?.initrd?.digest ?? ""));
    assert.equal(missing.filter((one) => one === image?.kernel?.digest).length, 1); // only before the first push
  });

  it("let the registry mount a kernel from its runtime's repository", async () => {
    await pushImage(layout, digest, `${registry.host}/official/base`);
    const changed = await putTestImage(folder, { rootfs: "application" });
    const changes = await changesDuring(() =>
      pushImage(layout, changed.digest, `${registry.host}/acme/app`, { mountFrom: `${registry.host}/official/base` }),
    );
    assert.equal(changes.filter((one) => one === "PUT blobs 201").length, 2);
    assert.equal(
      (await pullRuntime(`${registry.host}/acme/app`, openLayout(path.join(folder, "t")))).digest,
      changed.digest,
    );
  });

  it("survive a connection that breaks in the middle of an upload and of a download", async () => {
    await using proxy = await startCuttingProxy(registry.host, [2 * 2 ** 20, 3 * 2 ** 20]);
    const name = `${proxy.host}/cut/shop:v1`;
    await pushImage(layout, digest, name, { sleep: () => Promise.resolve() });
    assert.ok(proxy.cuts() >= 1);
    await using second = await startCuttingProxy(registry.host, [2 * 2 ** 20]);
    const target = openLayout(path.join(folder, "target"));
    const pulled = await pullRuntime(`${second.host}/cut/shop:v1`, target, { sleep: () => Promise.resolve() });
    assert.deepEqual([pulled.digest, second.cuts()], [digest, 1]);
  });

  it("are equal as an OCI layout and as an OCI archive", async () => {
    await pushImage(layout, digest, `oci-layout://${folder}/copy:v1`);
    await pushImage(layout, digest, `oci-archive://${folder}/copy.tar:v1`);
    for (const source of [`oci:${folder}/copy:v1`, `oci-archive:${folder}/copy.tar:v1`]) {
      const inspected = JSON.parse(await skopeo("inspect", source)) as { Layers: string[] };
      assert.equal(inspected.Layers.length, 2, source);
      assert.equal(
        (await run("sh", ["-c", `skopeo inspect --raw ${source} | sha256sum`])).slice(0, 64),
        digest.slice(7),
      );
    }
    await fs.mkdir(path.join(folder, "out"));
    await run("tar", ["-xf", path.join(folder, "copy.tar"), "-C", path.join(folder, "out")]);
    await run("diff", ["-r", path.join(folder, "copy", "blobs"), path.join(folder, "out", "blobs")]);
  });

  it("are deleted where the registry allows it, and reported where it does not", async () => {
    const client = createRegistryClient({ registry: registry.host });
    await pushImage(layout, digest, `${registry.host}/delete/shop:v1`);
    assert.equal(await client.deleteManifest("delete/shop", digest), "deleted");
    assert.equal(await client.deleteManifest("delete/shop", digest), "missing");
    await using locked = await startDockerRegistry({ allowsDeletion: false });
    await pushImage(layout, digest, `${locked.host}/delete/shop:v1`);
    const other = createRegistryClient({ registry: locked.host });
    assert.equal(await other.deleteManifest("delete/shop", digest), "unsupported");
    assert.deepEqual(await other.listTags("delete/shop"), ["v1"]);
  });

  it("have a signature that openssl verifies with the right key only", async () => {
    const name = `${registry.host}/signed/shop`;
    await pushImage(layout, digest, name);
    const makeKey = async (id: string): Promise<{ readonly key: string; readonly publicKey: string }> => {
      const [key, publicKey] = [path.join(folder, `${id}.pem`), path.join(folder, `${id}.public.pem`)];
      await run("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key]);
      await run("openssl", ["ec", "-in", key, "-pubout", "-out", publicKey]);
      return { key, publicKey };
    };
    const [own, other] = [await makeKey("own"), await makeKey("other")];
    await signImage(name, digest, signerFromPem(await fs.readFile(own.key, "utf8")));

    // Where cosign looks, read by skopeo.
    const copy = path.join(folder, "signature");
    const tag = `${digest.replace(":", "-")}.sig`;
    await skopeo("copy", "--quiet", "--src-tls-verify=false", `docker://${name}:${tag}`, `dir:${copy}`);
    const manifest = JSON.parse(await fs.readFile(path.join(copy, "manifest.json"), "utf8")) as SignatureManifest;
    const [layer] = manifest.layers;
    assert.ok(layer);
    assert.equal(layer.mediaType, "application/vnd.dev.cosign.simplesigning.v1+json");
    const payload = path.join(copy, layer.digest.slice("sha256:".length));
    const signed = JSON.parse(await fs.readFile(payload, "utf8")) as { critical: { image: Record<string, string> } };
    assert.equal(signed.critical.image["docker-manifest-digest"], digest);
    const signature = path.join(folder, "signature.der");
    await fs.writeFile(signature, Buffer.from(layer.annotations["dev.cosignproject.cosign/signature"] ?? "", "base64"));
    const verify = (publicKey: string) =>
      exec("openssl", ["dgst", "-sha256", "-verify", publicKey, "-signature", signature, payload]);
    assert.match((await verify(own.publicKey)).stdout, /Verified OK/);
    assert.match((await verify(other.publicKey)).stdout, /Verification failure/i);
  });

  it("have an SBOM behind the fallback tag, since the registry has no referrers API", async () => {
    const name = `${registry.host}/documented/shop`;
    await pushImage(layout, digest, name);
    const runtime = { reference: "base", kernelDigest: digest };
    const sbom = createSbom({
      ...{ name, digest, createdAt: "2026-11-29T00:00:00Z" },
      platforms: [{ platform: "qemu/x86_64", runtime, files: [], excluded: [] }],
    });
    const [attached] = await attachDocuments(name, await findRoot(layout.folder, digest), [sbom]);
    assert.deepEqual(
      (await listReferrers(createRegistryClient({ registry: registry.host }), "documented/shop", digest)).map(
        (one) => one.digest,
      ),
      [attached],
    );
    const raw = await skopeo("inspect", "--raw", "--tls-verify=false", `docker://${name}:${digest.replace(":", "-")}`);
    assert.equal((JSON.parse(raw) as { manifests: { digest: string }[] }).manifests[0]?.digest, attached);
  });

  describe("with tokens", () => {
    const TOKENS = { passwords: { alice: "s3cret:pass" }, refreshTokens: { "refresh-me": "alice" } };

    const access =
      (username: string, password: string): CredentialSource =>
      async () => ({ type: "password", username, password });

    it("are pushed and pulled with a password, and with an identity token", async () => {
      await using tokens = await startTokenServer(TOKENS);
      await using locked = await startDockerRegistry({ tokens });
      const name = `${locked.host}/alice/shop:v1`;
      await pushImage(layout, digest, name, { credentials: access("alice", "s3cret:pass") });
      const credentials: CredentialSource = async () => ({ type: "identityToken", token: "refresh-me" });
      const target = openLayout(path.join(folder, "target"));
      assert.equal((await pullRuntime(name, target, { credentials })).digest, digest);
      assert.deepEqual(new Set(tokens.requests.map(({ user }) => user)), new Set(["alice"]));
      assert.ok(tokens.requests.some(({ method }) => method === "POST"));
      const inspected = JSON.parse(
        await skopeo("inspect", "--tls-verify=false", "--creds=alice:s3cret:pass", `docker://${name}`),
      ) as { Digest: string };
      assert.equal(inspected.Digest, digest);
    });

    it("are pushed with what 'skopeo login' has stored", async () => {
      await using tokens = await startTokenServer(TOKENS);
      await using locked = await startDockerRegistry({ tokens });
      const file = path.join(folder, "docker", "config.json");
      await fs.mkdir(path.dirname(file));
      await run("skopeo", [
        "login",
        "--tls-verify=false",
        `--authfile=${file}`,
        "--username=alice",
        "--password=s3cret:pass",
        locked.host,
      ]);
      const before = process.env["DOCKER_CONFIG"];
      process.env["DOCKER_CONFIG"] = path.dirname(file);
      try {
        await pushImage(layout, digest, `${locked.host}/alice/shop:v1`, { credentials: createCredentialSource() });
      } finally {
        if (before === undefined) delete process.env["DOCKER_CONFIG"];
        else process.env["DOCKER_CONFIG"] = before;
      }
      assert.equal((await locked.requests()).at(-1)?.status, 201);
    });

    it("are pulled by anyone if the token server allows it, and pushed by nobody else", async () => {
      await using tokens = await startTokenServer({ ...TOKENS, allowsAnonymousPull: true });
      await using locked = await startDockerRegistry({ tokens });
      const name = `${locked.host}/alice/shop:v1`;
      await pushImage(layout, digest, name, { credentials: access("alice", "s3cret:pass") });
      assert.equal((await pullRuntime(name, openLayout(path.join(folder, "target")))).digest, digest);
      const changed = await putTestImage(folder, { rootfs: "new code" });
      await assert.rejects(pushImage(layout, changed.digest, name), (error) => {
        assert.ok(UnikernelError.has(error, "API_UNAUTHORIZED"), String(error));
        assert.match(error.message, /HTTP 401 .*: UNAUTHORIZED: authentication required\./);
        assert.match(error.hint ?? "", /docker login/);
        return true;
      });
      await assert.rejects(
        pushImage(layout, changed.digest, name, { credentials: access("alice", "wrong-pass") }),
        (error) => {
          assert.ok(UnikernelError.has(error, "API_UNAUTHORIZED"), String(error));
          assert.match(error.message, /a token for .*: UNAUTHORIZED: incorrect username or password\./);
          assert.ok(!JSON.stringify([error.message, error.hint, error.details]).includes("wrong-pass"));
          return true;
        },
      );
    });

    it("are pushed although each token expires at once", async () => {
      await using tokens = await startTokenServer({ ...TOKENS, lifetimeS: 1 });
      await using locked = await startDockerRegistry({ tokens });
      const credentials = access("alice", "s3cret:pass");
      const name = `${locked.host}/alice/shop:v1`;
      await pushImage(layout, digest, name, { credentials });
      assert.equal((await pullRuntime(name, openLayout(path.join(folder, "target")), { credentials })).digest, digest);
    });
  });
});

/** Forwards connections and cuts one whenever the bytes in either direction reach the next limit. */
async function startCuttingProxy(
  target: string,
  limits: readonly number[],
): Promise<AsyncDisposable & { readonly host: string; readonly cuts: () => number }> {
  const [host, port] = target.split(":");
  const left = [...limits];
  const sockets = new Set<net.Socket>();
  let cuts = 0;
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port), host);
    let bytes = 0;
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes < (left[0] ?? Number.POSITIVE_INFINITY)) return;
      left.shift();
      cuts++;
      client.destroy();
      upstream.destroy();
    };
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from
        .on("data", count)
        .on("error", () => to.destroy())
        .on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
