/** GatewayImages in the real provider process, pushed to Debian's docker-registry with token authentication. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import type { Digest } from "../../../provider/base/digest";
import { referrersTag } from "../../../provider/image/attest/referrers";
import { listReferrers } from "../../support/referrers";
import { openLayout } from "../../../provider/image/oci/layout";
import type { CredentialSource } from "../../../provider/image/registry/auth/credentials";
import { createRegistryClient } from "../../../provider/image/registry/api/client";
import { pushImage } from "../../../provider/image/registry/push";
import { PulledImages } from "../../../provider/platform/pulledImages";
import { type DockerRegistry, startDockerRegistry, uploadedBlobs } from "../../support/dockerRegistry";
import { DynamicProcess } from "../../support/dynamicProcess";
import { putTestImage } from "../../support/testImages";
import { TestPlatform } from "../../support/testPlatform";
import { type TokenServer, startTokenServer } from "../../support/tokenServer";

const run = promisify(execFile);
const sha256 = (text: string): string => crypto.createHash("sha256").update(text).digest("hex");

type Json = Record<string, unknown>;

const LOGIN = { username: "ann", password: "s3cret-Value" };
const credentials: CredentialSource = () => Promise.resolve({ type: "password", ...LOGIN });
const VARIABLES = ["UNIKERNEL_STATE_DIR", "UNIKERNEL_CACHE_DIR", "DOCKER_CONFIG"] as const;

describe("a GatewayImage in a registry with token authentication", () => {
  const before_ = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));
  let folder: string;
  let tokens: TokenServer;
  let registry: DockerRegistry;
  let metro: TestPlatform;
  let image: DynamicProcess;
  let path_: string;
  let repository: string;
  let inputs: Json;
  let id: string;
  let state: Json;

  before(async () => {
    tokens = await startTokenServer({ passwords: { [LOGIN.username]: LOGIN.password } });
    registry = await startDockerRegistry({ tokens });
  });
  after(async () => {
    await registry[Symbol.asyncDispose]();
    await tokens[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "pushed-"));
    for (const name of VARIABLES) process.env[name] = path.join(folder, name.toLowerCase());
    metro = await TestPlatform.open();
    const { url, token } = (await metro.start({ pulledImages: new PulledImages(metro.paths.pulledImagesDir) })) ?? {
      url: "",
      token: "",
    };
    const runtime = await putTestImage(folder, { repository: "base", kernel: `kernel of ${folder}` });
    await pushImage(runtime.layout, "base", `${registry.host}/team/base`, { credentials });
    path_ = `team/${path.basename(folder).toLowerCase()}`;
    repository = `${registry.host}/${path_}`;
    await fs.mkdir(path.join(folder, "site/rootfs"), { recursive: true });
    await fs.writeFile(
      path.join(folder, "site/Kraftfile"),
      `spec: v0.7\nruntime: ${registry.host}/team/base:latest\nrootfs: ./rootfs\ncmd: ["/server"]\n`,
    );
    image = await DynamicProcess.start("GatewayImage", { "unikernel:metro": url, "unikernel:token": token });
    await writePage("first");
    inputs = await check({}, {});
    ({ id, outs: state } = await image.create(inputs));
  });
  afterEach(async () => {
    await image.stop();
    await metro.close();
    await fs.rm(folder, { recursive: true, force: true });
    for (const name of VARIABLES) {
      if (before_[name] === undefined) delete process.env[name];
      else process.env[name] = before_[name];
    }
  });

  const writePage = (text: string): Promise<void> => fs.writeFile(path.join(folder, "site/rootfs/index.html"), text);
  const client = () => createRegistryClient({ registry: registry.host, credentials });
  const digest = (): string => String(state["digest"]);
  const exists = async (one: string): Promise<boolean> => (await client().resolveManifest(path_, one)) === one;
  /** Requests for the image's repository since `from`. */
  const requestsSince = async (from: number) =>
    (await registry.requests()).slice(from).filter((one) => one.path.startsWith(`/v2/${path_}/`));
  const logLength = async (): Promise<number> => (await registry.requests()).length;

  async function check(olds: Json, more: Json): Promise<Json> {
    const given = { context: path.join(folder, "site"), repository, registryCredentials: LOGIN, name: "site", ...more };
    const { inputs: checked, failures } = await image.check(olds, given);
    assert.deepEqual(failures, []);
    return checked;
  }

  /** An update with a new page or new settings. Returns what was uploaded. */
  async function update(page: string, more: Json = {}): Promise<readonly string[]> {
    await writePage(page);
    const from = await logLength();
    inputs = await check(inputs, more);
    assert.ok((await image.diff(id, state, inputs)).changes);
    state = await image.update(id, state, inputs);
    return uploadedBlobs(await requestsSince(from));
  }

  async function fetchJson(blob: { digest: string; size: number } | undefined): Promise<unknown> {
    assert.ok(blob);
    const parts: Uint8Array[] = [];
    for await (const part of client().fetchBlob(path_, { ...blob, digest: blob.digest as Digest })) parts.push(part);
    return JSON.parse(Buffer.concat(parts).toString());
  }

  /** Digests of an image's blobs in the registry: for QEMU, and what nodes of a cluster have besides, a config and how urunc boots it. */
  async function blobsOf(index: string) {
    const fetch = async (one: string) =>
      JSON.parse((await client().fetchManifest(path_, one)).bytes.toString("utf8")) as {
        manifests: { digest: string }[];
        config: { digest: string };
        layers: { digest: string }[];
      };
    const [qemu, node] = await Promise.all((await fetch(index)).manifests.map((one) => fetch(one.digest)));
    assert.ok(qemu && node);
    const [kernel = "", rootfs = "", description = ""] = node.layers.map((one) => one.digest);
    assert.deepEqual(
      qemu.layers.map((one) => one.digest),
      [kernel, rootfs],
    );
    return { configs: [qemu.config.digest, node.config.digest], kernel, rootfs, description };
  }

  it("is pushed by digest, with its runtime's kernel mounted and not sent", async () => {
    assert.equal(id, repository);
    assert.equal(state["ref"], `${repository}@${digest()}`);
    assert.deepEqual(state["versions"], [digest()]);
    const { configs, kernel, rootfs, description } = await blobsOf(digest());
    const requests = await requestsSince(0);
    assert.deepEqual([...uploadedBlobs(requests)].sort(), [...configs, rootfs, description].sort());
    const mounts = requests.filter((one) => one.query.has("mount") && one.status === 201);
    assert.deepEqual(
      mounts.map(({ query }) => [query.get("mount"), query.get("from")]),
      [[kernel, "team/base"]],
    );
  });

  it("has an SBOM without the contents of files, a provenance, and a signature that openssl verifies", async () => {
    const [key, publicKey] = [path.join(folder, "key.pem"), path.join(folder, "public.pem")];
    await run("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key]);
    await run("openssl", ["ec", "-in", key, "-pubout", "-out", publicKey]);
    const files = { "/etc/pin": "1234" };
    const attestation = { sbom: true, provenance: true, signingKey: await fs.readFile(key, "utf8") };
    await update("second", { files, attestation });
    const referrers = await listReferrers(client(), path_, digest() as Digest);
    const documents = new Map<string, Json>();
    for (const { digest: one, artifactType = "" } of referrers) {
      const { layers } = JSON.parse((await client().fetchManifest(path_, one)).bytes.toString()) as {
        layers: { digest: string; size: number }[];
      };
      documents.set(artifactType, (await fetchJson(layers[0])) as Json);
    }
    const sbom = documents.get("application/spdx+json");
    assert.deepEqual(
      (sbom?.["files"] as { fileName: string }[]).map(({ fileName }) => fileName),
      ["./index.html"],
    );
    const page = path.join(folder, "site/rootfs/index.html");
    const { stdout: sums } = await run("sh", ["-c", 'sha1sum < "$0" && sha256sum < "$0"', page]);
    assert.deepEqual(
      (sbom?.["files"] as { checksums: { algorithm: string; checksumValue: string }[] }[])[0]?.checksums,
      sums
        .trim()
        .split("\n")
        .map((line, at) => ({ algorithm: at === 0 ? "SHA1" : "SHA256", checksumValue: line.split(" ")[0] })),
    );
    assert.ok(!JSON.stringify([...documents]).includes(sha256("1234")));
    assert.ok(!JSON.stringify([...documents]).includes(crypto.createHash("sha1").update("1234").digest("hex")));
    const statement = documents.get("application/vnd.in-toto+json");
    assert.deepEqual(statement?.["subject"], [{ name: repository, digest: { sha256: digest().slice(7) } }]);

    const tag = `${digest().replace(":", "-")}.sig`;
    const { layers } = JSON.parse((await client().fetchManifest(path_, tag)).bytes.toString()) as {
      layers: { digest: string; size: number; annotations: Record<string, string> }[];
    };
    const [layer] = layers;
    assert.ok(layer);
    await fs.writeFile(path.join(folder, "payload"), JSON.stringify(await fetchJson(layer)));
    const signature = Buffer.from(layer.annotations["dev.cosignproject.cosign/signature"] ?? "", "base64");
    await fs.writeFile(path.join(folder, "signature"), signature);
    const verify = ["dgst", "-sha256", "-verify", publicKey, "-signature", path.join(folder, "signature")];
    assert.match((await run("openssl", [...verify, path.join(folder, "payload")])).stdout, /Verified OK/);

    const [signed, attached] = [digest(), referrers.map((one) => one.digest)];
    const tags = [referrersTag(signed as Digest), tag];
    for (const one of [...attached, ...tags]) assert.ok(await client().resolveManifest(path_, one), one);
    state = (await image.create(inputs)).outs;
    assert.equal(digest(), signed, "pushed again");
    const again = JSON.parse((await client().fetchManifest(path_, tag)).bytes.toString()) as { layers: unknown[] };
    assert.equal(again.layers.length, 1, "and not signed again");
    await update("third", { files, attestation, keepVersions: 1 });
    assert.deepEqual(state["versions"], [digest()]);
    for (const one of [signed, ...attached, ...tags])
      assert.equal(await client().resolveManifest(path_, one), undefined, `${one} stayed`);
    assert.deepEqual((await client().listTags(path_)).toSorted(), [
      "latest",
      referrersTag(digest() as Digest),
      `${referrersTag(digest() as Digest)}.sig`,
    ]);

    const bad = await image.check(inputs, { ...inputs, attestation: { signingKey: "x", signingCommand: ["kms"] } });
    assert.match(JSON.stringify(bad.failures), /cannot be set together with 'signingKey'/);
  });

  it("leaves nothing on this machine if the push of a new one fails", async () => {
    const other = `${registry.host}/team/other-${path.basename(folder).toLowerCase()}`;
    const files = { "/etc/pin": "s3cret-content" };
    const wrong = { ...LOGIN, password: "wrong" };
    const given = await check({}, { repository: other, registryCredentials: wrong, files });
    await assert.rejects(image.create(given), /401|UNAUTHORIZED|denied|password/i);
    const left = await openLayout(path.join(folder, "unikernel_state_dir", "images")).list();
    assert.deepEqual(
      left.map((one) => one.digest),
      [digest()],
    );
  });

  it("is written to an OCI archive and an OCI layout too, which skopeo reads", async () => {
    const [archive, layout] = [path.join(folder, "out/site.tar"), path.join(folder, "layout")];
    await update("second", { exportTo: [`oci-archive://${archive}`, `oci-layout://${layout}:v2`] });
    for (const source of [`oci-archive:${archive}:latest`, `oci:${layout}:v2`])
      assert.equal(`sha256:${sha256((await run("skopeo", ["inspect", "--raw", source])).stdout)}`, digest());
    const bad = await image.check(inputs, { ...inputs, exportTo: ["ghcr.io/acme/site"] });
    assert.match(JSON.stringify(bad.failures), /exportTo\[0\].*must begin with 'oci-layout:\/\/'/);
  });

  it("sends the root file system and the configs of a change, and nothing for a change of settings", async () => {
    const uploaded = await update("second");
    const { configs, rootfs } = await blobsOf(digest());
    assert.deepEqual([...uploaded].sort(), [...configs, rootfs].sort());
    const from = await logLength();
    assert.deepEqual(await update("second", { keepVersions: 5 }), []);
    assert.deepEqual(
      (await requestsSince(from)).filter(({ method }) => method === "PUT" || method === "POST"),
      [],
    );
  });

  it("keeps the last versions and those that instances run, in the registry and in the layout", async () => {
    const first = digest();
    await metro.createRunning({
      image: { url: String(state["ref"]), credentials: Buffer.from(`ann:${LOGIN.password}`).toString("base64") },
      name: "old",
    });
    await update("second", { keepVersions: 2 });
    const second = digest();
    await update("third", { keepVersions: 2 });
    const third = digest();
    assert.deepEqual(state["versions"], [third, second, first], "an instance runs the first");
    assert.equal(await exists(first), true);
    const [running] = (await metro.api("GET", "/v1/instances?name=old")).items;
    await metro.api("DELETE", "/v1/instances", [{ uuid: running?.uuid }]);
    await update("fourth", { keepVersions: 2 });
    assert.deepEqual(state["versions"], [digest(), third]);
    assert.deepEqual(await Promise.all([first, second, third].map(exists)), [false, false, true]);
    const layout = openLayout(path.join(process.env["UNIKERNEL_STATE_DIR"] ?? "", "images"));
    assert.deepEqual((await layout.list()).map((one) => one.digest).sort(), [digest(), third].sort());
  });

  it("is gone for a refresh only if its registry says so", async () => {
    assert.equal((await image.read(id, state)).id, id);
    assert.equal((await image.read(id, state)).props["digest"], digest());
    await assert.rejects(
      image.read(id, { ...state, registryCredentials: { ...LOGIN, password: "wrong" } }),
      (error) => {
        assert.match(String(error), /API_UNAUTHORIZED: /);
        assert.doesNotMatch(String(error), /s3cret-Value/);
        return true;
      },
    );
    await client().deleteManifest(path_, digest() as `sha256:${string}`);
    assert.equal((await image.read(id, state)).id, "", "so that the next update pushes it again");
    const from = await logLength();
    const { outs } = await image.create(inputs);
    assert.equal(outs["digest"], digest());
    assert.equal(await exists(digest()), true);
    assert.deepEqual(uploadedBlobs(await requestsSince(from)), [], "the registry still had the blobs");
  });

  it("is read by its repository alone, with the login of Docker's configuration", async () => {
    const auth = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString("base64");
    const dockerFolder = process.env["DOCKER_CONFIG"] ?? "";
    await fs.mkdir(dockerFolder);
    await fs.writeFile(
      path.join(dockerFolder, "config.json"),
      JSON.stringify({ auths: { [registry.host]: { auth } } }),
    );
    const found = await image.read(id, {});
    assert.equal(found.props["ref"], `${repository}@${digest()}`);
    assert.equal(found.props["sizeBytes"], state["sizeBytes"]);
  });

  it("stays in the registry when it is destroyed, unless the program says otherwise", async () => {
    await image.deleteLater(id, state);
    assert.equal(await exists(digest()), true);
    assert.match(image.printed.join("\n"), /Image 'site': stays in '127\.0\.0\.1.*'\. Set deleteOnDestroy to delete/);
    ({ outs: state } = await image.create(await check(inputs, { deleteOnDestroy: true })));
    await image.deleteLater(id, state);
    assert.equal(await exists(digest()), false);
    assert.deepEqual(await fs.readdir(process.env["UNIKERNEL_STATE_DIR"] ?? ""), []);
  });
});
