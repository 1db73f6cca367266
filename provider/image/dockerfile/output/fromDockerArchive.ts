/** Turns the archive of `docker image save` into an OCI layout. */
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import * as tar from "tar-stream";
import { z } from "zod";
import { digestOfFile } from "../../../base/digest";
import { type LayerFile, writeLayout } from "./writeLayout";

const manifestSchema = z.tuple([z.object({ Config: z.string(), Layers: z.array(z.string()) })]);

/**
 * Unpacks the archive beside it and writes a layout. Docker names the files differently from release to release, so digests are
 * computed. Source: moby/moby, `image/tarexport/save.go`.
 */
export async function layoutFromDockerArchive(archive: string, layout: string): Promise<void> {
  const files = await unpack(archive, `${archive}.files`);
  const open = (name: string): string => {
    const file = files.get(name);
    if (file === undefined) throw new Error(`The archive of 'docker image save' has no '${name}'.`);
    return file;
  };
  const [{ Config, Layers }] = manifestSchema.parse(JSON.parse(await fsp.readFile(open("manifest.json"), "utf8")));
  const layers = new Map<string, LayerFile>();
  for (const file of Layers.map(open)) layers.set(file, layers.get(file) ?? (await toLayerFile(file)));
  await writeLayout(
    layout,
    await fsp.readFile(open(Config)),
    Layers.map((name) => layers.get(open(name))).filter((layer) => layer !== undefined),
  );
}

/** Unpacks each file under a number, so that no name in the archive becomes a path, and returns the files by name. */
async function unpack(archive: string, folder: string): Promise<ReadonlyMap<string, string>> {
  await fsp.mkdir(folder);
  const files = new Map<string, string>();
  const links = new Map<string, string>();
  const extract = tar.extract();
  const reading = pipeline(fs.createReadStream(archive), extract);
  for await (const entry of extract) {
    const { name, type, linkname } = entry.header;
    if (type === "file") {
      const file = path.join(folder, String(files.size));
      files.set(name, file);
      await pipeline(entry, fs.createWriteStream(file));
    } else {
      // Older releases store a repeated layer as a link to the first one.
      if (type === "symlink" && linkname != null) links.set(name, path.posix.join(path.posix.dirname(name), linkname));
      entry.resume();
    }
  }
  await reading;
  for (const [name, target] of links) {
    const file = files.get(target);
    if (file !== undefined) files.set(name, file);
  }
  return files;
}

async function toLayerFile(file: string): Promise<LayerFile> {
  const { size } = await fsp.stat(file);
  const handle = await fsp.open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return { file, digest: await digestOfFile(file), sizeBytes: size, isGzip: buffer.readUInt16BE() === 0x1f8b };
  } finally {
    await handle.close();
  }
}
