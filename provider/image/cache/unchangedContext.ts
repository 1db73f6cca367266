/**
 * Recognises an image context that is as it was at its last plan, without listing and hashing it again. Only folders are recognised, of
 * a directory, a Dockerfile or a ROM; archives and kernels are planned each time.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { type Digest, digestOf } from "../../base/digest";
import { createFolder, writeFileAtomic } from "../../base/files";
import { VERSION } from "../../base/version";
import type { FoundSources } from "../build/planBuild";
import type { LocatedSource } from "../build/rootfsPlan";
import { type FolderObserver, areUnchanged, decodeObservations, encodeObservations } from "../rootfs/folderObserver";
import { cacheFile, keepCacheFile, useCache } from "./cacheFiles";
import { digestsFile } from "./savedDigests";

/** Changes with the format of the file. */
const MAGIC = "folder-looks-1\n";

/** What a context hash depends on besides the folders that were looked at. */
export interface ContextInputs {
  /** Folder of the Kraftfile, relative to the working directory. */
  readonly context: string;
  /** As in the inputs of the image. */
  readonly kraftfile: string | undefined;
  readonly found: FoundSources;
  /** The other inputs of the plan, as they are hashed: JSON. May contain secrets. */
  readonly others: unknown;
  readonly hashKey: Uint8Array | undefined;
}

/** The context hash of the last plan, if that had the same inputs and looked at the same; otherwise `undefined`. */
export async function findUnchangedHash(inputs: ContextInputs, signal?: AbortSignal): Promise<Digest | undefined> {
  const key = keyOf(inputs);
  if (key === undefined) return undefined;
  const file = cacheFile("folder-looks", key);
  const bytes = await fs.readFile(file).catch(() => Buffer.alloc(0));
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined;
  const rest = bytes.subarray(MAGIC.length);
  const [hash, body] = [rest.toString("latin1", 0, DIGEST_LENGTH), rest.subarray(2 * DIGEST_LENGTH)];
  if (rest.toString("latin1", DIGEST_LENGTH, 2 * DIGEST_LENGTH) !== digestOf(body)) return undefined; // damaged
  if (!(await areUnchanged(decodeObservations(body), signal))) return undefined;
  // The next plan needs the digests of the files, if it is not of the same files.
  for (const used of [file, digestsFile(inputs.context, inputs.kraftfile)]) await keepCacheFile(used);
  return hash as Digest;
}

/** Keeps what a plan has looked at, if a later look can tell that nothing has changed since. */
export async function saveLook(inputs: ContextInputs, observer: FolderObserver, contextHash: Digest): Promise<void> {
  const key = keyOf(inputs);
  const { observations } = observer;
  if (key === undefined || observations === undefined) return;
  const body = encodeObservations(observations);
  const file = cacheFile("folder-looks", key);
  await useCache(async () => {
    await createFolder(path.dirname(file), 0o700);
    await writeFileAtomic(file, Buffer.concat([Buffer.from(MAGIC + contextHash + digestOf(body)), body]), 0o600);
    await keepCacheFile(file);
  });
}

const DIGEST_LENGTH = "sha256:".length + 64;

/** A keyed hash of the inputs; `undefined` if more than folders would have to be looked at, or no key can be kept. */
function keyOf({ context, found, others, hashKey }: ContextInputs): string | undefined {
  const { loaded, kernel, located } = found;
  const sources = [located.rootfs, ...located.roms.map((rom) => rom.located)].filter((one) => one !== undefined);
  const identities = sources.map(identify);
  if (hashKey === undefined || kernel.type !== "runtime" || identities.includes(undefined)) return undefined;
  const text = JSON.stringify([VERSION, path.resolve(context), loaded.text, identities, others]);
  return crypto.createHmac("sha256", hashKey).update(text).digest("hex");
}

function identify(located: LocatedSource): unknown {
  if (located.type === "image") return located;
  if (located.type === "dockerfile") {
    const { content, ignorePatterns } = located.source;
    const patterns = ignorePatterns.map(({ text, isException }) => [text, isException]);
    return { ...located.place, content: digestOf(content), patterns };
  }
  return located.source.type === "directory" ? located.source.directory : undefined;
}
