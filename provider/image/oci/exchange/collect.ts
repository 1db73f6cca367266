/** Everything that belongs to an image of a layout, for copying it elsewhere. */
import * as fs from "node:fs/promises";
import { type Digest, digestOf } from "../../../base/digest";
import { UnikernelError, hasErrorCode } from "../../../base/errors";
import { type Descriptor, imageIndex, imageManifest, isIndexType } from "../descriptor";
import { matchesReference, readIndex } from "../indexJson";
import { parseReference } from "../reference";
import { blobPath, parseDocument } from "../storedImage";

/** A manifest or index with its bytes. */
export interface CollectedDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** An image as its parts. */
export interface CollectedImage {
  readonly root: Descriptor;
  /** Manifests and indexes; what a document refers to comes before it, so that the root is last. */
  readonly documents: readonly CollectedDocument[];
  /** Configs and layers, each once. */
  readonly blobs: readonly Descriptor[];
}

/**
 * Finds an image in a layout by reference or digest. Throws `NOT_FOUND` when the layout does not have it, `INPUT_INVALID` for neither a
 * reference nor a digest.
 */
export async function findRoot(folder: string, referenceOrDigest: string): Promise<Descriptor> {
  const { manifests } = await readIndex(folder);
  const wanted = referenceOrDigest.startsWith("sha256:") ? undefined : parseReference(referenceOrDigest);
  const found = manifests.find((entry) =>
    wanted === undefined ? entry.digest === referenceOrDigest : matchesReference(entry, wanted),
  );
  if (found !== undefined) return found;
  throw new UnikernelError("NOT_FOUND", `The layout '${folder}' has no image '${referenceOrDigest}'.`, {
    hint: "Build the image first.",
  });
}

/**
 * Reads the documents of an image. Throws `BUILD_FAILED` when one is missing or damaged: an index that was pulled may list platforms
 * that were not, and a registry accepts only complete images.
 */
export async function collectImage(folder: string, root: Descriptor): Promise<CollectedImage> {
  const documents = new Map<Digest, CollectedDocument>();
  const blobs = new Map<Digest, Descriptor>();
  const visit = async (descriptor: Descriptor, depth: number): Promise<void> => {
    if (documents.has(descriptor.digest)) return;
    const file = blobPath(folder, descriptor.digest);
    const bytes = await readDocumentBytes(file, descriptor);
    if (isIndexType(descriptor.mediaType)) {
      if (depth > 4) throw new UnikernelError("BUILD_FAILED", `'${file}' has too many indexes inside of indexes.`);
      for (const entry of parseDocument(bytes.toString("utf8"), file, imageIndex).manifests)
        await visit(entry, depth + 1);
    } else {
      const { config, layers } = parseDocument(bytes.toString("utf8"), file, imageManifest);
      for (const part of [config, ...layers]) blobs.set(part.digest, part);
    }
    documents.set(descriptor.digest, { descriptor, bytes });
  };
  await visit(root, 0);
  return { root, documents: [...documents.values()], blobs: [...blobs.values()] };
}

async function readDocumentBytes(file: string, { digest }: Descriptor): Promise<Buffer> {
  const hint = "Build the image again, or pull all of its platforms.";
  try {
    const bytes = await fs.readFile(file);
    if (digestOf(bytes) === digest) return bytes;
  } catch (cause) {
    if (!hasErrorCode(cause, "ENOENT")) throw cause;
    throw new UnikernelError("BUILD_FAILED", `The image is incomplete: its document ${digest} is missing.`, {
      hint,
      cause,
    });
  }
  throw new UnikernelError("BUILD_FAILED", `'${file}' does not match its digest.`, { hint });
}
