/** Layers in the form Unikraft tools read: an uncompressed tar with one file. The tools ignore gzip layers. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import { pipeline } from "node:stream/promises";
import * as tar from "tar-stream";
import type { Digest } from "../../base/digest";
import { UnikernelError, fromSystemError, isError } from "../../base/errors";

/** A layer that exists as a file on disk. */
export interface LayerRef {
  /** Digest of the uncompressed tar. */
  readonly digest: Digest;
  /** Size of the tar. */
  readonly sizeBytes: number;
  /** Absolute path of the tar. */
  readonly blob: string;
  /** Path of its only file, without a leading slash: `unikraft/bin/kernel`. */
  readonly entry: string;
}

/** The bytes of a layer that contains `file` as `entry`. Equal files give equal bytes. */
export async function* layerChunks(file: string, entry: string): AsyncGenerator<Uint8Array> {
  const { size } = await fs.promises.stat(file);
  const pack = tar.pack();
  const header = { name: entry, size, mode: 0o644, uid: 0, gid: 0, uname: "", gname: "", mtime: new Date(0) };
  const sink = pack.entry(header, (error) => (error == null ? pack.finalize() : pack.destroy(error)));
  const source = fs.createReadStream(file, { highWaterMark: 256 * 1024 });
  source.on("error", (error) => pack.destroy(error));
  source.pipe(sink);
  try {
    for await (const chunk of pack) yield chunk as Uint8Array; // tar-stream types its chunks as unknown
  } finally {
    source.destroy();
  }
}

/**
 * Unpacks the only file of a layer to `toFile`, atomically through a temporary file beside it. Throws `BUILD_FAILED` when
 * the layer does not contain it or is not a tar, `NO_SPACE` when the disk is full.
 */
export async function extractLayer(layer: LayerRef, toFile: string): Promise<void> {
  const temporary = `${toFile}.${crypto.randomUUID()}`;
  const extract = tar.extract();
  const source = fs.createReadStream(layer.blob, { highWaterMark: 256 * 1024 });
  source.on("error", (error) => extract.destroy(error));
  source.pipe(extract);
  try {
    for await (const entry of extract) {
      if (entry.header.type === "file" && entry.header.name.replace(/^\.?\//, "") === layer.entry) {
        await pipeline(entry, fs.createWriteStream(temporary));
        await fs.promises.rename(temporary, toFile);
        return;
      }
      entry.resume();
    }
  } catch (error) {
    const known = fromSystemError(error, `unpacking '${layer.entry}' of layer ${layer.digest}`);
    if (known !== error || (isError(error) && "syscall" in error)) throw known;
    throw new UnikernelError("BUILD_FAILED", `Layer ${layer.digest} is not a readable tar.`, { cause: error });
  } finally {
    source.destroy();
    await fs.promises.rm(temporary, { force: true });
  }
  throw new UnikernelError("BUILD_FAILED", `Layer ${layer.digest} does not contain '${layer.entry}'.`);
}
