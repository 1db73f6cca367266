/** Images for several platforms: read, chosen from and copied by skopeo, and kept whole by Debian's docker-registry. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Digest } from "../../../provider/base/digest";
import { exec } from "../../../provider/base/exec";
import { attestImage } from "../../../provider/image/attest/attestImage";
import { createRegistryClient } from "../../../provider/image/registry/api/client";
import { listReferrers } from "../../support/referrers";
import { buildImage } from "../../../provider/image/build/buildImage";
import { type BuildPlan, planBuild } from "../../../provider/image/build/planBuild";
import { blobFromBytes } from "../../../provider/image/oci/blob";
import { collectImage, findRoot } from "../../../provider/image/oci/exchange/collect";
import { toBlobSources } from "../../../provider/image/oci/exchange/copy";
import { type Layout, openLayout } from "../../../provider/image/oci/layout";
import { readPlatforms } from "../../../provider/image/oci/storedImage";
import { inspectImage } from "../../../provider/image/registry/inspect";
import { pullRuntime } from "../../../provider/image/registry/pull";
import { pushImage } from "../../../provider/image/registry/push";
import { removeImages } from "../../../provider/image/registry/retention";
import { resolveRuntime } from "../../../provider/image/resolveRuntime";
import { useCacheFolder } from "../../support/cacheFolder";
import { type DockerRegistry, startDockerRegistry } from "../../support/dockerRegistry";
import { putTestPlatforms } from "../../support/testImages";

const PLATFORMS = ["qemu/x86_64", "kraftcloud/arm64"] as const;
/** Those of the image: it has an entry for containerd too, which has what QEMU boots. */
const ENTRIES = [...PLATFORMS, "linux/amd64"];
const TARGETS = [
  { os: "qemu", architecture: "x86_64" },
  { os: "kraftcloud", architecture: "arm64" },
];

/** Runs a third-party tool beside the servers of this process; if it is missing, the test fails and names the package. */
async function run(tool: string, args: readonly string[]): Promise<string> {
  const result = await exec(tool, args, { signal: AbortSignal.timeout(120_000) }).catch((error: unknown) =>
    assert.fail(`'${tool}' could not be run (${String(error)}); install Debian's package '${tool}'`),
  );
  assert.equal(result.code, 0, `${tool} ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

/** skopeo as a client on a platform. */
const skopeoOn = (platform: string, ...args: readonly string[]): Promise<string> => {
  const [os = "", architecture = ""] = platform.split("/");
  return run("skopeo", ["--insecure-policy", "--override-os", os, "--override-arch", architecture, ...args]);
};

interface Manifest {
  readonly layers: readonly { readonly digest: string }[];
  readonly manifests: readonly {
    readonly digest: string;
    readonly platform: { readonly os: string; readonly architecture: string };
  }[];
}

interface Config {
  readonly os: string;
  readonly architecture: string;
  readonly config: { readonly Env: readonly string[]; readonly Cmd: readonly string[] };
}

describe("an image for several platforms with skopeo and Debian's docker-registry", function () {
  this.timeout(180_000);
  const folder = useCacheFolder();
  const at = (name: string): string => path.join(folder.path, name);
  let registry: DockerRegistry;
  before(async () => {
    registry = await startDockerRegistry();
  });
  after(() => registry[Symbol.asyncDispose]());

  /** Pushes a runtime, and returns its name. */
  async function pushRuntime(platforms: readonly string[]): Promise<string> {
    const name = `${registry.host}/official/base:1`;
    const { layout, digest } = await putTestPlatforms(folder.path, platforms);
    await pushImage(layout, digest, name);
    return name;
  }

  /** Builds an image on a runtime with these platforms; `steps` receives what is reported. */
  async function build(
    kraftfile: string,
    { platforms = PLATFORMS, steps = [] }: { readonly platforms?: readonly string[]; readonly steps?: string[] } = {},
  ): Promise<{ readonly layout: Layout; readonly digest: Digest; readonly plan: BuildPlan }> {
    const runtime = await pushRuntime(platforms);
    await fs.mkdir(at("app/rootfs"), { recursive: true });
    await fs.writeFile(at("app/rootfs/page"), "hello");
    await fs.writeFile(
      at("app/Kraftfile"),
      `spec: v0.7\nruntime: ${runtime}\ntargets: [${platforms.join(", ")}]\ncmd: [/page]\n${kraftfile}`,
    );
    await fs.mkdir(at("scratch"));
    const plan = await planBuild({ context: at("app"), name: "shop", scratch: at("scratch") });
    const layout = openLayout(at("images"));
    const { digest, sizeBytes } = await buildImage(plan, {
      layout: layout.folder,
      repository: "shop",
      resolveRuntime,
      onProgress: ({ message }) => steps.push(message),
    });
    assert.equal((await layout.resolve("shop"))?.sizeBytes, sizeBytes);
    return { layout, digest, plan };
  }

  it("is an index whose manifests skopeo chooses by platform, here and after a push", async () => {
    const { layout, digest } = await build("rootfs: ./rootfs\n");
    const name = `${registry.host}/acme/shop:v1`;
    const { uploadedBlobs } = await pushImage(layout, digest, name);
    assert.equal(new Set(uploadedBlobs).size, uploadedBlobs.length);
    for (const source of [`oci:${layout.folder}:shop:latest`, `docker://${name}`]) {
      const tls = source.startsWith("docker:") ? ["--tls-verify=false"] : [];
      const index = JSON.parse(await run("skopeo", ["inspect", "--raw", ...tls, source])) as Manifest;
      assert.deepEqual(
        index.manifests.map(({ platform: { os, architecture } }) => `${os}/${architecture}`),
        ENTRIES,
      );
      for (const platform of PLATFORMS) {
        const config = JSON.parse(await skopeoOn(platform, "inspect", "--config", ...tls, source)) as Config;
        assert.equal(`${config.os}/${config.architecture}`, platform);
        assert.deepEqual(config.config.Env, [`PLATFORM=${platform}`]);
        assert.deepEqual(config.config.Cmd, ["/page"]);
      }
    }
    const layersOf = async (platform: string): Promise<readonly string[]> => {
      await skopeoOn(platform, "copy", "--quiet", "--src-tls-verify=false", `docker://${name}`, `dir:${at("one")}`);
      const { layers } = JSON.parse(await fs.readFile(at("one/manifest.json"), "utf8")) as Manifest;
      return layers.map((layer) => layer.digest);
    };
    const [first, second] = [await layersOf(PLATFORMS[0]), await layersOf(PLATFORMS[1])];
    assert.notEqual(first[0], second[0], "each has its kernel");
    assert.equal(first[1], second[1], "one root file system");
    const forNodes = await layersOf("linux/amd64");
    assert.deepEqual(forNodes.slice(0, 2), first, "the layers that QEMU boots, and a description");
    assert.equal(forNodes.length, 3);
  });

  it("keeps all manifests when skopeo copies it, and those that we pull", async () => {
    const { layout, digest } = await build("rootfs: ./rootfs\n");
    const [name, copy] = [`${registry.host}/acme/all:v1`, `${registry.host}/copied/all:v1`];
    await pushImage(layout, digest, name);
    const flags = ["--all", "--quiet", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false"];
    await run("skopeo", ["--insecure-policy", "copy", ...flags, `docker://${name}`, `docker://${copy}`]);
    const target = openLayout(at("pulled"));
    assert.equal((await pullRuntime(copy, target, { targets: TARGETS })).digest, digest);
    const [stored, pulled] = [layout, target].map((one) => path.join(one.folder, "blobs/sha256")) as [string, string];
    const names = await fs.readdir(pulled);
    assert.equal(
      (await fs.readdir(stored)).length - names.length,
      3,
      "manifest, config and layer of linux/amd64 stay there",
    );
    for (const name of names) await run("cmp", [path.join(stored, name), path.join(pulled, name)]);
    const { sizeBytes } = (await layout.resolve("shop")) ?? assert.fail();
    assert.deepEqual(await inspectImage(copy), { digest, sizeBytes });
  });

  it("has an SBOM and a provenance of all platforms beside its index", async () => {
    const { layout, digest, plan } = await build("rootfs: ./rootfs\n");
    const repository = `${registry.host}/documented/shop`;
    await pushImage(layout, digest, repository);
    const pushed = { layout: layout.folder, repository, digest, plan };
    await attestImage(pushed, { sbom: true, provenance: true, signer: undefined }, {});
    const client = createRegistryClient({ registry: registry.host });
    const documents: string[] = [];
    for (const referrer of await listReferrers(client, "documented/shop", digest)) {
      const raw = await run("skopeo", [
        "inspect",
        "--raw",
        "--tls-verify=false",
        `docker://${repository}@${referrer.digest}`,
      ]);
      const { layers, subject } = JSON.parse(raw) as Manifest & { readonly subject: { readonly digest: string } };
      assert.equal(subject.digest, digest);
      const url = `http://${registry.host}/v2/documented/shop/blobs/${layers[0]?.digest}`;
      documents.push(await run("curl", ["--silent", "--fail", url]));
    }
    const [sbom, provenance] = documents.map((text) => JSON.parse(text) as Record<string, unknown>);
    assert.deepEqual(
      (sbom?.["packages"] as { readonly name: string }[]).slice(1, 3).map(({ name }) => name),
      PLATFORMS.map((platform) => `${repository} (${platform})`),
    );
    assert.equal((sbom?.["files"] as unknown[]).length, 1, "both have the same file");
    const predicate = provenance?.["predicate"] as {
      buildDefinition: { externalParameters: { platform: string }; resolvedDependencies: unknown[] };
    };
    assert.equal(predicate.buildDefinition.externalParameters.platform, ENTRIES.join(","));
    assert.equal(predicate.buildDefinition.resolvedDependencies.length, 2, "a kernel each");
  });

  it("goes as a whole when an update drops it, and a newer one with a part of it stays complete", async () => {
    const { layout, digest } = await build("rootfs: ./rootfs\n");
    const name = `${registry.host}/kept/shop`;
    await pushImage(layout, digest, name);
    // The newer image shares the manifest for one platform.
    const { root, blobs } = await sharingImage(layout, digest);
    const newer = await layout.putBlobs({ repository: "shop", root, blobs });
    await pushImage(layout, newer.digest, name);
    assert.deepEqual(await removeImages(name, [digest]), { removed: [digest], kept: [] });
    assert.equal(await inspectImage(`${name}@${digest}`), undefined);
    assert.deepEqual(await inspectImage(name), { digest: newer.digest, sizeBytes: newer.sizeBytes });
    assert.deepEqual(await layout.remove("shop", (one) => one === newer.digest), [digest]);
    await collectImage(layout.folder, await findRoot(layout.folder, newer.digest));
    await run("skopeo", [
      "--insecure-policy",
      "copy",
      "--all",
      "--quiet",
      `oci:${layout.folder}:shop:latest`,
      `dir:${at("d")}`,
    ]);
  });

  /** An index with the first manifest of an image alone. */
  async function sharingImage(layout: Layout, digest: Digest) {
    const { root, documents, blobs } = await collectImage(layout.folder, await findRoot(layout.folder, digest));
    const index = JSON.parse(documents.at(-1)?.bytes.toString() ?? "") as { manifests: unknown[] };
    const bytes = Buffer.from(JSON.stringify({ ...index, manifests: index.manifests.slice(0, 1) }));
    const blob = blobFromBytes(bytes);
    return {
      root: { mediaType: root.mediaType, digest: blob.digest, size: bytes.length },
      blobs: [...toBlobSources(layout.folder, { root, documents, blobs }), blob],
    };
  }

  it("is the same in an OCI layout and in an OCI archive", async () => {
    const { layout, digest } = await build("rootfs: ./rootfs\n");
    await pushImage(layout, digest, `oci-layout://${at("copy")}:v1`);
    await pushImage(layout, digest, `oci-archive://${at("copy.tar")}:v1`);
    for (const source of [`oci:${at("copy")}:v1`, `oci-archive:${at("copy.tar")}:v1`]) {
      const target = at("dir");
      await run("skopeo", ["--insecure-policy", "copy", "--all", "--quiet", source, `dir:${target}`]);
      const index = JSON.parse(await fs.readFile(path.join(target, "manifest.json"), "utf8")) as Manifest;
      assert.equal(index.manifests.length, ENTRIES.length);
      await fs.rm(target, { recursive: true });
    }
    const { size } = await fs.stat(at("copy.tar"));
    assert.ok(size > 0);
  });

  it("has the files that a container image has for each architecture", async () => {
    // As `docker buildx build --platform linux/amd64,linux/arm64` pushes it.
    const files = `${registry.host}/acme/files:1`;
    const { layout: container, digest } = await putContainer();
    await pushImage(container, digest, files);
    const { layout, digest: built } = await build(`rootfs: {source: {path: "${files}", type: oci}}\n`);
    const images = await readPlatforms(layout.folder, await findRoot(layout.folder, built));
    const pages: string[] = [];
    for (const { initrd } of images)
      pages.push(await run("sh", ["-c", `tar -xOf ${initrd?.blob} | cpio -i --to-stdout --quiet arch`]));
    assert.deepEqual(pages, ["amd64", "arm64", "amd64"]);
  });

  /** A container image for two architectures with one file each, as OCI documents. */
  async function putContainer(): Promise<{ readonly layout: Layout; readonly digest: string }> {
    for (const architecture of ["amd64", "arm64"]) {
      await fs.mkdir(at(architecture));
      await fs.writeFile(at(`${architecture}/arch`), architecture);
      await fs.writeFile(at(`${architecture}/Dockerfile`), "FROM scratch\nCOPY arch /\n");
      const storage = ["--root", at("containers"), "--runroot", at("containers-run"), "--storage-driver", "vfs"];
      const flags = ["--platform", `linux/${architecture}`, "--manifest", "files", "--isolation", "chroot"];
      await run("buildah", [...storage, "build", "--quiet", ...flags, at(architecture)]);
      if (architecture === "arm64")
        await run("buildah", [...storage, "manifest", "push", "--all", "files", `oci:${at("container")}:files:1`]);
    }
    const layout = openLayout(at("container"));
    const [entry] = (JSON.parse(await fs.readFile(at("container/index.json"), "utf8")) as Manifest).manifests;
    return { layout, digest: entry?.digest ?? "" };
  }

  it("has a Dockerfile built for each architecture, with the builder's platform", async () => {
    const before = process.env["UNIKERNEL_BUILDER"];
    process.env["UNIKERNEL_BUILDER"] = "buildah";
    try {
      await fs.mkdir(at("app"));
      await fs.writeFile(at("app/amd64"), "for amd64");
      await fs.writeFile(at("app/arm64"), "for arm64");
      await fs.writeFile(at("app/Dockerfile"), "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /arch\n");
      const steps: string[] = [];
      const platforms = [...PLATFORMS, "kraftcloud/x86_64"];
      const { layout, digest } = await build("rootfs: ./Dockerfile\n", { platforms, steps });
      assert.equal(steps.filter((step) => step.includes("COPY")).length, 2, steps.join("\n"));
      const images = await readPlatforms(layout.folder, await findRoot(layout.folder, digest));
      const pages: string[] = [];
      for (const { initrd } of images)
        pages.push(await run("sh", ["-c", `tar -xOf ${initrd?.blob} | cpio -i --to-stdout --quiet arch`]));
      assert.deepEqual(pages, ["for amd64", "for arm64", "for amd64", "for amd64"]);
    } finally {
      if (before === undefined) delete process.env["UNIKERNEL_BUILDER"];
      else process.env["UNIKERNEL_BUILDER"] = before;
    }
  });
});
