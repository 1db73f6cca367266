/** Fuzzes the readers of OCI documents with a layout whose index, manifest or config is mutated. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Digest, digestOf } from "../../provider/base/digest";
import { UnikernelError } from "../../provider/base/errors";
import { readContainerImage, readLayoutImage } from "../../provider/image/oci/containerImage";
import type * as z from "zod";
import { imageConfig, imageIndex, imageManifest } from "../../provider/image/oci/descriptor";
import { chooseManifest } from "../../provider/image/oci/platformChoice";
import { parseDocument } from "../../provider/image/oci/storedImage";
import { collectImage } from "../../provider/image/oci/exchange/collect";
import { openLayout } from "../../provider/image/oci/layout";
import { describeFailureBody } from "../../provider/image/registry/errors";
import type { RandomSource } from "../support/seededRandom";

const pick = <T>(random: RandomSource, items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

const OTHER: readonly unknown[] = [
  null,
  true,
  -1,
  2 ** 60,
  1e308,
  "",
  "../../etc/passwd",
  "sha256:../../../../etc/passwd",
  `sha256:${"0".repeat(64)}`,
  `sha512:${"0".repeat(128)}`,
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.unikraft.rom.v1",
  "/unikraft/../../bin/kernel",
  "x".repeat(2_000),
  "__proto__",
  "\0",
  [],
  {},
  [[[[]]]],
  { __proto__: null, constructor: 1 },
];

const KEYS: readonly string[] = ["__proto__", "constructor", "subject", "urls", "data", "mediaType", "platform", "x\0"];

/** Changes one member somewhere in a document. */
function mutate(random: RandomSource, value: unknown): unknown {
  if (typeof value !== "object" || value === null || random() < 0.15) return pick(random, OTHER);
  if (Array.isArray(value)) {
    if (random() < 0.2) return [...(value as unknown[]), ...(value as unknown[])];
    const at = Math.floor(random() * value.length);
    return (value as unknown[]).map((item, index) => (index === at ? mutate(random, item) : item));
  }
  const entries = Object.entries(value);
  const at = Math.floor(random() * (entries.length + 1));
  if (at === entries.length) return { ...value, [pick(random, KEYS)]: pick(random, OTHER) };
  if (random() < 0.2) return Object.fromEntries(entries.filter((_entry, index) => index !== at));
  return Object.fromEntries(entries.map(([key, item], index) => [key, index === at ? mutate(random, item) : item]));
}

function mutateText(random: RandomSource, text: string): string {
  const at = Math.floor(random() * text.length);
  return pick(random, [
    text.slice(0, at),
    text + text,
    text.slice(0, at) + pick(random, [...'{}[],:"\\\0']) + text.slice(at),
    `${"[".repeat(5_000)}`,
  ]);
}

interface World {
  readonly folder: string;
  readonly root: { readonly mediaType: string; readonly digest: Digest; readonly size: number };
  /** Original text by file. */
  readonly files: ReadonlyMap<string, string>;
}

let world: World | undefined;

/** A layout with an image of two platforms; the readers trust names of blobs, so that a document can be replaced in its place. */
function openWorld(): World {
  if (world !== undefined) return world;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fuzz-oci-"));
  process.once("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
  const blobs = path.join(folder, "blobs", "sha256");
  fs.mkdirSync(blobs, { recursive: true });
  const files = new Map<string, string>();
  const put = (document: object, file?: string) => {
    const text = JSON.stringify(document);
    const digest = digestOf(text);
    files.set(file ?? path.join(blobs, digest.slice(7)), text);
    return { digest, size: text.length };
  };
  const type = (name: string): string => `application/vnd.oci.image.${name}`;
  const layer = { mediaType: type("layer.v1.tar"), digest: digestOf("layer"), size: 5 };
  const manifests = ["qemu", "linux"].map((name) => {
    const platform = { architecture: "x86_64", os: name, "os.version": "1", "os.features": ["A=y"] };
    const run = {
      Cmd: ["/a"],
      Entrypoint: ["/e"],
      Env: ["A=b", "C"],
      Labels: { a: "b" },
      WorkingDir: "/",
      User: "0:0",
    };
    const config = put({ ...platform, config: run, rootfs: { type: "layers", diff_ids: [layer.digest] } });
    const layers = [{ ...layer, annotations: { "org.unikraft.kernel.image": "/unikraft/bin/kernel" } }, layer];
    const manifest = put({ schemaVersion: 2, config: { mediaType: type("config.v1+json"), ...config }, layers });
    return { mediaType: type("manifest.v1+json"), ...manifest, platform };
  });
  const index = put({ schemaVersion: 2, mediaType: type("index.v1+json"), manifests, annotations: { a: "b" } });
  const root = { mediaType: type("index.v1+json"), ...index };
  const annotations = { "org.opencontainers.image.ref.name": "acme/shop:latest" };
  put({ schemaVersion: 2, manifests: [{ ...root, annotations }] }, path.join(folder, "index.json"));
  for (const [file, text] of files) fs.writeFileSync(file, text);
  world = { folder, root, files };
  return world;
}

/** Share of the cases that also go through files. */
const FILE_SHARE = 0.1;
const PLATFORM = { os: ["linux", "qemu"], architecture: "x86_64" };

/** Every reader returns digests and paths inside of the layout, or throws an error that names what is wrong. */
export const ociDocumentsTarget = {
  name: "ociDocuments",
  async run(random: RandomSource): Promise<void> {
    const opened = openWorld();
    const [file, text] = pick(random, [...opened.files]);
    let document: unknown = JSON.parse(text);
    for (let edits = Math.floor(random() * 3); edits >= 0; edits--) document = mutate(random, document);
    const mutated = random() < 0.15 ? mutateText(random, text) : (JSON.stringify(document) ?? "");
    await parseEach(mutated);
    if (random() >= FILE_SHARE) return;
    fs.writeFileSync(file, mutated);
    try {
      await readFiles(opened);
    } finally {
      fs.writeFileSync(file, text);
    }
  },
};

async function parseEach(text: string): Promise<void> {
  const parse = <T>(model: z.ZodType<T>) => settle(async () => parseDocument(text, "document", model));
  const [index, manifest, config] = [await parse(imageIndex), await parse(imageManifest), await parse(imageConfig)];
  const chosen = index && chooseManifest(index.manifests, PLATFORM);
  const parts = [chosen, manifest?.config, ...(manifest?.layers ?? [])].filter((part) => part !== undefined);
  for (const { digest, size } of parts) {
    assert.match(digest, /^sha256:[0-9a-f]{64}$/);
    assert.ok(Number.isSafeInteger(size) && size >= 0);
  }
  if (config !== undefined) assert.equal(typeof config.os, "string");
  assert.ok(!/\p{Cc}/u.test(describeFailureBody(text)));
}

async function readFiles({ folder, root }: World): Promise<void> {
  const images = [
    await settle(() => readContainerImage(folder, root, PLATFORM)),
    await settle(() => readLayoutImage(folder, { tag: "acme/shop:latest", platform: PLATFORM })),
  ];
  const stored = await settle(() => openLayout(folder).resolve("acme/shop"));
  await settle(() => openLayout(folder).list());
  await settle(() => collectImage(folder, root));
  const paths = [
    ...images.flatMap((image) => image?.layers.map((layer) => layer.file) ?? []),
    ...[stored?.kernel, stored?.initrd, ...(stored?.roms ?? [])].flatMap((layer) => layer?.blob ?? []),
  ];
  for (const one of paths) assert.match(path.relative(folder, one), /^blobs\/sha256\/[0-9a-f]{64}$/);
}

/** The result, or `undefined` for an error of this package that is no bug. */
async function settle<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    assert.ok(UnikernelError.has(error, "BUILD_FAILED", "NOT_FOUND"), String(error));
    return undefined;
  }
}
