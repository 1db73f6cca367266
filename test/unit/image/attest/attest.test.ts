import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { type Digest, digestOf } from "../../../../provider/base/digest";
import { createProvenance } from "../../../../provider/image/attest/provenance";
import { type Attachment, attachDocuments } from "../../../../provider/image/attest/attachDocuments";
import type { Referrer } from "../../../../provider/image/attest/referrers";
import { listReferrers } from "../../../support/referrers";
import { createSbom } from "../../../../provider/image/attest/sbom";
import { createSignaturePayload, signImage } from "../../../../provider/image/attest/signature";
import { signerFromCommand, signerFromPem } from "../../../../provider/image/attest/signer";
import { findRoot } from "../../../../provider/image/oci/exchange/collect";
import { createRegistryClient } from "../../../../provider/image/registry/api/client";
import { pushImage } from "../../../../provider/image/registry/push";
import { removeImages } from "../../../../provider/image/registry/retention";
import { type FakeRegistry, startFakeRegistry } from "../../../support/fakeRegistry";
import { putTestImage } from "../../../support/testImages";

const access = { sleep: () => Promise.resolve() };
const facts = { name: "acme/shop", digest: digestOf("image") };
const sha1 = (text: string): string => crypto.createHash("sha1").update(text).digest("hex");
const billOf = (digest: Digest): Attachment =>
  createSbom({
    ...facts,
    digest,
    platforms: [
      {
        platform: "qemu/x86_64",
        runtime: { reference: "base:latest", kernelDigest: digestOf("kernel") },
        files: [
          { path: "/b", digest: digestOf("b"), sha1: sha1("b") },
          { path: "/a", digest: digestOf("a"), sha1: sha1("a") },
        ],
        excluded: ["/etc/pin", "/etc/key"],
      },
    ],
    createdAt: "2026-11-29T00:00:00Z",
  });
const sbom = billOf(facts.digest);
const provenance = createProvenance({
  ...facts,
  contextHash: digestOf("context"),
  kraftfile: "Kraftfile",
  platform: "qemu/x86_64",
  materials: [{ uri: "oci://base", digest: digestOf("base") }],
});

function newKey(): { readonly pem: string; readonly publicKey: crypto.KeyObject } {
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return { pem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), publicKey };
}

describe("documents about an image", () => {
  let folder: string;
  let registry: FakeRegistry;
  let repository: string;
  let digest: Digest;
  let layout: string;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "attest-"));
    registry = await startFakeRegistry();
    repository = `${registry.host}/acme/shop`;
    const image = await putTestImage(folder);
    ({ digest } = image);
    layout = image.layout.folder;
    await pushImage(image.layout, digest, repository, access);
  });
  afterEach(async () => {
    await registry[Symbol.asyncDispose]();
    await fs.rm(folder, { recursive: true });
  });

  const referrers = (): Promise<readonly Referrer[]> =>
    listReferrers(createRegistryClient({ ...access, registry: registry.host }), "acme/shop", digest);

  for (const hasReferrersApi of [true, false]) {
    it(`are found ${hasReferrersApi ? "through the referrers API" : "through the fallback tag"}, once each`, async () => {
      registry.hasReferrersApi = hasReferrersApi;
      assert.deepEqual(await referrers(), []);
      const root = await findRoot(layout, digest);
      const attached = await attachDocuments(repository, root, [sbom, provenance], access);
      assert.deepEqual(await attachDocuments(repository, root, [sbom, provenance], access), attached);
      const found = await referrers();
      assert.deepEqual(
        found.map((one) => [one.artifactType, one.digest]).sort(),
        [
          ["application/spdx+json", attached[0]],
          ["application/vnd.in-toto+json", attached[1]],
        ].sort(),
      );
      assert.equal(registry.manifests.has(`acme/shop:${digest.replace(":", "-")}`), !hasReferrersApi);
      const manifest = JSON.parse(String(registry.manifests.get(`acme/shop@${attached[0]}`)?.bytes)) as {
        subject: { digest: string };
        layers: { digest: string }[];
      };
      assert.equal(manifest.subject.digest, digest);
      assert.deepEqual(registry.blobs.get(`acme/shop@${manifest.layers[0]?.digest}`), sbom.bytes);
    });

    it(`are deleted with their image, with its signatures, and no others: ${hasReferrersApi ? "referrers API" : "fallback tag"}`, async () => {
      registry.hasReferrersApi = hasReferrersApi;
      const other = await putTestImage(folder, { rootfs: "another" });
      await pushImage(other.layout, other.digest, repository, access);
      await attachDocuments(repository, await findRoot(layout, other.digest), [provenance], access);
      const tags = () => [...registry.manifests.keys()].filter((key) => key.startsWith("acme/shop:")).sort();
      const before = { tags: tags(), all: [...registry.manifests.keys()] };
      await attachDocuments(repository, await findRoot(layout, digest), [billOf(digest), provenance], access);
      await signImage(repository, digest, signerFromPem(newKey().pem), access);
      assert.equal((await referrers()).length, 2);
      assert.deepEqual(await removeImages(repository, [digest], access), { removed: [digest], kept: [] });
      assert.deepEqual(tags(), before.tags);
      assert.deepEqual(
        before.all.filter((key) => !registry.manifests.has(key)),
        [`acme/shop@${digest}`],
      );
      for (const { bytes } of registry.manifests.values()) {
        const { subject } = JSON.parse(bytes.toString()) as { subject?: { digest: string } };
        assert.notEqual(subject?.digest, digest);
      }
    });
  }

  it("stay an unfinished removal until they are deleted", async () => {
    await attachDocuments(repository, await findRoot(layout, digest), [billOf(digest)], access);
    const [attached] = await referrers();
    registry.fault = (request, response) => {
      if (request.method !== "DELETE" || !request.path.endsWith(attached?.digest ?? "")) return false;
      response.writeHead(403).end('{"errors":[{"code":"DENIED","message":"not yet"}]}');
      return true;
    };
    const { removed, kept } = await removeImages(repository, [digest], access);
    assert.deepEqual([removed, kept.map((one) => one.digest)], [[], [digest]]);
    assert.match(kept[0]?.reason ?? "", /not yet/);
    assert.ok(registry.manifests.has(`acme/shop@${digest}`), "as the warning says");
    registry.fault = () => false;
    assert.deepEqual(await removeImages(repository, [digest], access), { removed: [digest], kept: [] });
    assert.deepEqual(await referrers(), []);
  });

  it("are not what an index names that does not refer to the image", async () => {
    registry.hasReferrersApi = false;
    const other = await putTestImage(folder, { rootfs: "another" });
    await pushImage(other.layout, other.digest, repository, access);
    const entries = [other.digest, digestOf("gone")].map((one) => ({ mediaType: "x", digest: one, size: 1 }));
    const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: entries };
    registry.manifests.set(`acme/shop:${digest.replace(":", "-")}`, {
      mediaType: index.mediaType,
      bytes: Buffer.from(JSON.stringify(index)),
    });
    assert.deepEqual(await removeImages(repository, [digest], access), { removed: [digest], kept: [] });
    assert.ok(registry.manifests.has(`acme/shop@${other.digest}`));
  });

  describe("of others", () => {
    const put = (key: string, document: object): Digest => {
      const bytes = Buffer.from(JSON.stringify(document));
      const stored = { mediaType: "application/vnd.oci.image.manifest.v1+json", bytes };
      registry.manifests.set(`acme/shop@${digestOf(bytes)}`, stored);
      if (key !== "") registry.manifests.set(`acme/shop:${key}`, stored);
      return digestOf(bytes);
    };
    const manifestOf = (one: Digest) =>
      JSON.parse(String(registry.manifests.get(`acme/shop@${one}`)?.bytes)) as Record<string, unknown>;
    const remove = () => removeImages(repository, [digest], access);
    const fallbackTag = () => digest.replace(":", "-");

    for (const hasReferrersApi of [true, false]) {
      it(`stay when the image is deleted: ${hasReferrersApi ? "referrers API" : "fallback tag"}`, async () => {
        registry.hasReferrersApi = hasReferrersApi;
        const root = await findRoot(layout, digest);
        const scan = { artifactType: "application/vnd.scanner.report+json", bytes: Buffer.from("{}") };
        const bill = { artifactType: "application/spdx+json", bytes: Buffer.from('{"spdxVersion":"SPDX-2.3"}') };
        const others = [...(await attachDocuments(repository, root, [scan, bill], access))];
        // What describes another image, as a bill of materials that was copied with its image does.
        others.push(...(await attachDocuments(repository, root, [sbom], access)));
        const own = await attachDocuments(repository, root, [billOf(digest), provenance], access);
        assert.ok(own[0]);
        others.push(put("", { ...manifestOf(own[0]), annotations: { team: "security" } }));
        assert.deepEqual(await remove(), { removed: [digest], kept: [] });
        const isPresent = (one: Digest | undefined): boolean => registry.manifests.has(`acme/shop@${one}`);
        assert.deepEqual(others.map(isPresent), [true, true, true, true]);
        assert.deepEqual(own.map(isPresent), [false, false]);
        const left = (await referrers()).map((one) => one.digest);
        assert.deepEqual(left.toSorted(), others.slice(0, hasReferrersApi ? 4 : 3).toSorted());
      });
    }

    it("stay if they are under the tags of referrers and signatures, such as an image that someone runs", async () => {
      const other = await putTestImage(folder, { rootfs: "in production" });
      await pushImage(other.layout, other.digest, repository, access);
      const stored = registry.manifests.get(`acme/shop@${other.digest}`);
      assert.ok(stored);
      for (const tag of [fallbackTag(), `${fallbackTag()}.sig`]) registry.manifests.set(`acme/shop:${tag}`, stored);
      assert.deepEqual(await remove(), { removed: [digest], kept: [] });
      assert.ok(registry.manifests.has(`acme/shop@${other.digest}`));
      assert.ok(registry.manifests.has(`acme/shop:${fallbackTag()}.sig`));
    });

    it("stay if they are signatures: in another form, or beside ours", async () => {
      const tag = `${fallbackTag()}.sig`;
      await signImage(repository, digest, signerFromPem(newKey().pem), access);
      const signed = JSON.parse(String(registry.manifests.get(`acme/shop:${tag}`)?.bytes)) as object;
      const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf("config"), size: 6 };
      put(tag, { ...signed, config });
      assert.deepEqual(await remove(), { removed: [digest], kept: [] });
      assert.ok(registry.manifests.has(`acme/shop:${tag}`), "as written by another tool");
      await signImage(repository, digest, signerFromPem(newKey().pem), access);
      assert.deepEqual(await remove(), { removed: [digest], kept: [] });
      assert.ok(registry.manifests.has(`acme/shop:${tag}`), "two signatures");
    });

    it("and those of a registry that does not list them, do not keep the image", async () => {
      for (const status of [401, 403, 500, 501]) {
        const image = await putTestImage(folder, { rootfs: String(status) });
        await pushImage(image.layout, image.digest, repository, access);
        registry.fault = ({ path: name }, response) => {
          if (!name.includes("/referrers/")) return false;
          response.writeHead(status).end();
          return true;
        };
        const removal = await removeImages(repository, [image.digest], access);
        assert.deepEqual(removal, { removed: [image.digest], kept: [] }, String(status));
        assert.ok(!registry.manifests.has(`acme/shop@${image.digest}`));
      }
    });
  });

  it("keep foreign entries of the fallback index", async () => {
    registry.hasReferrersApi = false;
    const tag = `acme/shop:${digest.replace(":", "-")}`;
    const other = { mediaType: "x", digest: digestOf("other"), size: 1, artifactType: "y", custom: true };
    const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [other] };
    registry.manifests.set(tag, { mediaType: index.mediaType, bytes: Buffer.from(JSON.stringify(index)) });
    registry.manifests.set(`acme/shop@${other.digest}`, { mediaType: "x", bytes: Buffer.from("{}") });
    await attachDocuments(repository, await findRoot(layout, digest), [sbom], access);
    const after = JSON.parse(String(registry.manifests.get(tag)?.bytes)) as { manifests: unknown[] };
    assert.deepEqual([after.manifests.length, after.manifests[0]], [2, other]);
  });

  it("are SPDX 2.3 and SLSA 1.0, equal for equal inputs", () => {
    const document = JSON.parse(String(sbom.bytes)) as Record<string, { fileName: string }[]>;
    assert.deepEqual(
      [document["spdxVersion"], document["files"]?.map((file) => file.fileName)],
      ["SPDX-2.3", ["./a", "./b"]],
    );
    const statement = JSON.parse(String(provenance.bytes)) as { predicateType: string; subject: unknown };
    assert.equal(statement.predicateType, "https://slsa.dev/provenance/v1");
    assert.deepEqual(statement.subject, [{ name: "acme/shop", digest: { sha256: facts.digest.slice(7) } }]);
    assert.ok(!/"startedOn"/.test(String(provenance.bytes)));
  });

  it("have what SPDX 2.3 demands of a package whose files are listed", () => {
    const { packages, files } = JSON.parse(String(sbom.bytes)) as {
      packages: { name: string; filesAnalyzed: boolean; packageVerificationCode?: object }[];
      files: { checksums: { algorithm: string; checksumValue: string }[] }[];
    };
    // 8.4: at least a SHA-1. The digests are those of `printf a | sha1sum`.
    const [a, b] = ["86f7e437faa5a7fce15d1ddcb9eaeaea377667b8", "e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98"];
    assert.deepEqual(
      files.map(({ checksums }) => checksums.find(({ algorithm }) => algorithm === "SHA1")?.checksumValue),
      [a, b],
    );
    // 7.8 and 7.9: the SHA-1 of the sorted SHA-1 digests, and the names of the files that it leaves out.
    assert.deepEqual(
      packages.map((one) => [one.name, one.filesAnalyzed, one.packageVerificationCode]),
      [
        [
          "acme/shop",
          true,
          {
            packageVerificationCodeValue: sha1(`${a}${b}`),
            packageVerificationCodeExcludedFiles: ["./etc/key", "./etc/pin"],
          },
        ],
        ["base:latest", false, undefined],
      ],
    );
  });

  it("describe each platform of an image, and list once what platforms share", () => {
    const page = { path: "/page", digest: digestOf("page"), sha1: sha1("page") };
    const [one, two] = ["qemu/x86_64", "kraftcloud/arm64"].map((platform) => ({
      platform,
      runtime: { reference: "base:latest", kernelDigest: digestOf(platform) },
      files: [page, { path: "/bin/app", digest: digestOf(`app for ${platform}`), sha1: sha1(`app for ${platform}`) }],
      excluded: [],
    }));
    assert.ok(one && two);
    const document = JSON.parse(
      String(createSbom({ ...facts, platforms: [one, two], createdAt: "2026-11-29T00:00:00Z" }).bytes),
    ) as {
      packages: { SPDXID: string; name: string }[];
      files: { SPDXID: string; fileName: string; checksums: { checksumValue: string }[] }[];
      relationships: { spdxElementId: string; relationshipType: string; relatedSpdxElement: string }[];
    };
    const ids = [...document.packages, ...document.files].map(({ SPDXID }) => SPDXID);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      document.files.map(({ fileName }) => fileName),
      ["./bin/app", "./bin/app", "./page"],
    );
    /** Names of what an element has, by the name of the element. */
    const related = (name: string, type: string): readonly string[] => {
      const elements = [...document.packages, ...document.files.map((file) => ({ ...file, name: file.fileName }))];
      const id = elements.find((element) => element.name === name)?.SPDXID;
      return document.relationships
        .filter(({ spdxElementId, relationshipType }) => spdxElementId === id && relationshipType === type)
        .map(({ relatedSpdxElement: other }) => elements.find(({ SPDXID }) => SPDXID === other)?.name ?? other);
    };
    const platforms = ["acme/shop (qemu/x86_64)", "acme/shop (kraftcloud/arm64)"];
    assert.deepEqual(related("acme/shop", "CONTAINS"), platforms);
    for (const platform of platforms) {
      assert.deepEqual(related(platform, "CONTAINS"), ["./bin/app", "./page"]);
      assert.deepEqual(related(platform, "DEPENDS_ON"), ["base:latest"]);
    }
  });

  describe("that sign it", () => {
    const { pem, publicKey } = newKey();
    const layers = () => {
      const bytes = registry.manifests.get(`acme/shop:${digest.replace(":", "-")}.sig`)?.bytes;
      return (JSON.parse(String(bytes)) as { layers: { digest: string; annotations: Record<string, string> }[] })
        .layers;
    };

    it("are verified by the public key, and keep other signatures, one by each key", async () => {
      const other = newKey();
      for (const key of [pem, pem, other.pem, pem, other.pem])
        await signImage(repository, digest, signerFromPem(key), access);
      assert.equal(layers().length, 2);
      for (const [index, key] of [publicKey, other.publicKey].entries()) {
        const layer = layers()[index];
        const payload = registry.blobs.get(`acme/shop@${layer?.digest}`);
        assert.ok(payload);
        assert.deepEqual(payload, createSignaturePayload(repository, digest));
        const signature = Buffer.from(layer?.annotations["dev.cosignproject.cosign/signature"] ?? "", "base64");
        assert.ok(crypto.verify("sha256", payload, key, signature));
      }
    });

    it("come from a command too", async () => {
      const key = path.join(folder, "key.pem");
      await fs.writeFile(key, pem);
      // GNU base64 prints two lines.
      const sign = `base64 -d | openssl dgst -sha256 -sign ${key} | base64`;
      await signImage(repository, digest, signerFromCommand(["sh", "-c", sign]), access);
      await signImage(repository, digest, signerFromCommand(["sh", "-c", sign]), access);
      assert.equal(layers().length, 1, "by openssl twice, with one key");
      await fs.writeFile(key, newKey().pem);
      await signImage(repository, digest, signerFromCommand(["sh", "-c", sign]), access);
      assert.equal(layers().length, 2, "by another key of the same command");
    });
  });
});
