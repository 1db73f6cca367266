import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { localPaths } from "../../../../provider/base/localPaths";
import type { Properties } from "../../../../provider/definition/resource";
import { UNKNOWN } from "../../../../provider/definition/unknowns";
import { planBuild } from "../../../../provider/image/build/planBuild";
import { imageKey, saveImageDigest } from "../../../../provider/image/cache/imageDigests";
import { pushImage } from "../../../../provider/image/registry/push";
import { resolvePlannedRuntime } from "../../../../provider/image/resolveRuntime";
import { computeInputs } from "../../../../provider/resources/image/plan";
import { useCacheFolder } from "../../../support/cacheFolder";
import { type FakeRegistry, startFakeRegistry } from "../../../support/fakeRegistry";
import { putTestImage } from "../../../support/testImages";

const LOCAL = { metro: "local", token: undefined };
const CLOUD = { metro: "fra", token: undefined };

describe("the computed inputs of an image", () => {
  const folder = useCacheFolder();
  const at = (name: string): string => path.join(folder.path, name);
  let registry: FakeRegistry;
  let given: Properties;

  beforeEach(async () => {
    registry = await startFakeRegistry();
    const runtime = await putTestImage(folder.path);
    await pushImage(runtime.layout, runtime.digest, `${registry.host}/acme/runtime`);
    await fs.mkdir(at("app/rootfs"), { recursive: true });
    await fs.writeFile(at("app/rootfs/page"), "hello");
    await writeKraftfile("./rootfs");
    given = {
      name: "shop",
      context: at("app"),
      files: {},
      preserveModes: false,
      keepVersions: 3,
      deleteOnDestroy: false,
    };
  });
  afterEach(() => registry[Symbol.asyncDispose]());

  const writeKraftfile = (rootfs: string): Promise<void> =>
    fs.writeFile(at("app/Kraftfile"), `spec: v0.7\nruntime: ${registry.host}/acme/runtime:latest\nrootfs: ${rootfs}\n`);
  const compute = async (news: Properties, olds: Properties = {}, metro = LOCAL): Promise<Properties> => {
    const { inputs, failures } = await computeInputs(news, metro, olds);
    assert.deepEqual(failures, []);
    return inputs;
  };
  const computedOf = ({ contextHash, digest, ref }: Properties): Properties => ({ contextHash, digest, ref });

  it("are those in state, without a request, if nothing is built", async () => {
    const first = await compute(given);
    assert.equal(first["ref"], `shop@${String(first["digest"])}`);
    const requests = registry.requests.length;
    assert.deepEqual(await compute(given, first), first);
    assert.deepEqual(computedOf(await compute({ ...given, keepVersions: 5 }, first)), computedOf(first));
    assert.equal(registry.requests.length, requests);
    // State of an image whose digest only the build could tell.
    const { digest: _digest, ref: _ref, ...unknown } = first;
    assert.deepEqual(await compute(given, unknown), unknown);
  });

  it("are those in state, without a listing, if no file has changed for two seconds", async () => {
    await compute(given);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const first = await compute(given);
    const digests = path.join(localPaths().imageCacheDir, "file-digests");
    await fs.rm(digests, { recursive: true });
    assert.deepEqual(await compute(given, first), first);
    // A plan that lists the files writes their digests.
    await assert.rejects(fs.stat(digests), { code: "ENOENT" });
    await fs.writeFile(at("app/rootfs/page"), "HELLO");
    assert.notEqual((await compute(given, first))["contextHash"], first["contextHash"]);
    // Another input than a file.
    const secret = { ...given, files: { "/etc/key": "secret" } };
    assert.notEqual((await compute(secret, first))["contextHash"], first["contextHash"]);
  });

  it("change with a file, and then notice a runtime that has moved", async () => {
    const first = await compute(given);
    await fs.writeFile(at("app/rootfs/page"), "hallo");
    const second = await compute(given, first);
    for (const name of ["contextHash", "digest", "ref"]) assert.notEqual(second[name], first[name], name);
    const moved = await putTestImage(folder.path, { kernel: "another" });
    await pushImage(moved.layout, moved.digest, `${registry.host}/acme/runtime`);
    const third = await compute(given, first);
    assert.equal(third["contextHash"], second["contextHash"]);
    assert.notEqual(third["digest"], second["digest"]);
  });

  it("come with the size of the image, packed or remembered, and with none if nothing is built", async () => {
    const notes = async (olds: Properties) => (await computeInputs(given, LOCAL, olds)).notes ?? [];
    const first = await notes({});
    assert.equal(first.length, 1);
    assert.match(first[0] ?? "", /^the image will take \d+\.\d KiB$/);
    assert.deepEqual(await notes({}), first);
    assert.deepEqual(await notes(await compute(given)), []);
    // A damaged entry of the cache is packed again.
    const entries = path.join(localPaths().imageCacheDir, "image-digests");
    const [file = ""] = await fs.readdir(entries);
    const remembered = await fs.readFile(path.join(entries, file), "utf8");
    await fs.writeFile(path.join(entries, file), remembered.split(" ")[0] ?? "");
    assert.deepEqual(await notes({}), first);
    assert.equal(await fs.readFile(path.join(entries, file), "utf8"), remembered);
  });

  it("are known as far as the inputs are", async () => {
    const { digest, contextHash } = await compute(given);
    const unnamed = await compute({ ...given, name: UNKNOWN });
    assert.deepEqual(computedOf(unnamed), { contextHash, digest, ref: undefined });
    const partly = await compute({ ...given, files: { "/a": UNKNOWN } });
    assert.deepEqual(computedOf(partly), { contextHash: UNKNOWN, digest: undefined, ref: undefined });
  });

  it("lack the digest if the registry of the runtime fails, and the check passes", async () => {
    registry.fault = (_request, response) => {
      response.writeHead(404).end();
      return true;
    };
    const { contextHash, digest } = await compute(given);
    assert.match(String(contextHash), /^sha256:/);
    assert.equal(digest, undefined);
  });

  it("have the digest of a Dockerfile's image only on metro local, once this machine has built it", async () => {
    await fs.writeFile(at("app/Dockerfile"), "FROM scratch\nCOPY rootfs /\n");
    await writeKraftfile("./Dockerfile");
    assert.equal((await compute(given))["digest"], undefined);
    // As if a builder had made this one.
    const { digest } = await putTestImage(folder.path, { rootfs: "built" });
    await fs.mkdir(at("state"));
    await fs.rename(at("layout"), at("state/images"));
    const runtime = await resolvePlannedRuntime(`${registry.host}/acme/runtime:latest`);
    assert.ok(runtime);
    const plan = await planBuild({ context: at("app"), name: "shop", scratch: folder.path });
    await saveImageDigest(await imageKey(plan, runtime), { digest, sizeBytes: 1 });
    assert.equal((await compute(given))["ref"], `shop@${digest}`);
    const inCloud = { ...given, repository: `${registry.host}/acme/shop` };
    assert.equal((await compute(inCloud, {}, CLOUD))["digest"], undefined);
    const { digest: packed, ref } = await writeKraftfile("./rootfs").then(() => compute(inCloud, {}, CLOUD));
    assert.equal(ref, `${registry.host}/acme/shop@${String(packed)}`);
  });
});
