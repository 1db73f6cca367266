/** Reads an OCI layout with one manifest, as a container runtime would: config, and the tree that the layers add up to. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Readable } from "node:stream";
import * as zlib from "node:zlib";
import * as tar from "tar-stream";
import { z } from "zod";

const index = z.object({ manifests: z.tuple([z.object({ digest: z.string() })]) });
const manifest = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ digest: z.string(), size: z.number() })),
});

/** A layout's content. */
export interface LayoutContent {
  readonly config: unknown;
  /** Path → type, mode, owner and content or target, as text; without `/`. Sorted. */
  readonly tree: Readonly<Record<string, string>>;
}

/** Reads the layout and checks the digest of every blob. */
export async function readLayout(layout: string): Promise<LayoutContent> {
  const blob = (digest: string): Buffer => {
    const bytes = fs.readFileSync(path.join(layout, "blobs", ...digest.split(":")));
    const actual = `sha256:${crypto.createHash("sha256").update(bytes).digest("hex")}`;
    if (actual !== digest) throw new Error(`The blob ${digest} has the digest ${actual}.`);
    return bytes;
  };
  const json = (bytes: Buffer): unknown => JSON.parse(bytes.toString("utf8"));
  const [{ digest }] = index.parse(json(fs.readFileSync(path.join(layout, "index.json")))).manifests;
  const { config, layers } = manifest.parse(json(blob(digest)));
  const tree = new Map<string, string>();
  for (const layer of layers) {
    const bytes = blob(layer.digest);
    if (bytes.length !== layer.size) throw new Error(`The layer ${layer.digest} has another size.`);
    await applyLayer(tree, bytes.readUInt16BE() === 0x1f8b ? zlib.gunzipSync(bytes) : bytes);
  }
  return {
    config: json(blob(config.digest)),
    tree: Object.fromEntries([...tree].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

async function applyLayer(tree: Map<string, string>, bytes: Buffer): Promise<void> {
  const extract = tar.extract();
  Readable.from([bytes]).pipe(extract);
  for await (const entry of extract) {
    const { type, mode = 0, uid = 0, gid = 0, linkname } = entry.header;
    const name = entry.header.name.replace(/^\.?\/|\/$/g, "");
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const base = path.posix.basename(name);
    if (base.startsWith(".wh.")) {
      const removed = path.posix.join(path.posix.dirname(name), base.slice(".wh.".length));
      for (const key of [...tree.keys()]) if (key === removed || key.startsWith(`${removed}/`)) tree.delete(key);
    } else if (name !== "") {
      const detail = type === "file" ? Buffer.concat(chunks).toString("latin1") : (linkname ?? "");
      tree.set(
        name,
        `${type} ${(mode & 0o7777).toString(8)} ${uid}:${gid} ${detail.length > 200 ? crypto.createHash("sha256").update(detail).digest("hex") : detail}`,
      );
    }
  }
}
