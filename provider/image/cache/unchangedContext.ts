/**
 * Recognises an image context that is as it was at its last plan, without listing and hashing it again. Only folders are recognised, of
 * a directory, a Dockerfile or a ROM; archives and kernels are planned each time.
 */
import * as crypto from "node:crypto";
import { readChecksummedFile, writeChecksummedFile } from "../../base/checksummedFile";
import { type Digest, digestOf } from "../../base/digest";
import { VERSION } from "../../base/version";
import { BUILDER_VERSION } from "../build/hashInputs";
import type { FoundSources } from "../build/planBuild";
import type { LocatedSource } from "../build/rootfsPlan";
import { type FolderObserver, areUnchanged, decodeObservations, encodeObservations } from "../rootfs/folderObserver";
import { cacheFile, keepCacheFile, markCacheFileUsed, useCache } from "./cacheFiles";

/** Changes with the format of the file: a context hash, then observations. */
const FORMAT = "observations-1";
const DIGEST_LENGTH = "sha256:".length + 64;

/** What a context hash depends on besides the folders that are observed. */
export interface ContextInputs {
  readonly found: FoundSources;
  /** The other inputs of the plan, as they are hashed: JSON. May contain secrets. */
  readonly others: unknown;
  readonly hashKey: Uint8Array | undefined;
}

/** A keyed hash of the inputs; `undefined` if more than folders would have to be observed, or no key can be kept. */
export function contextKey({ found, others, hashKey }: ContextInputs): string | undefined {
  const { loaded, kernel, located } = found;
  const sources = [located.rootfs, ...located.roms.map((rom) => rom.located)].filter((one) => one !== undefined);
  const identities = sources.map(identify);
  if (hashKey === undefined || kernel.type !== "runtime" || identities.includes(undefined)) return undefined;
  const text = JSON.stringify([VERSION, BUILDER_VERSION, loaded.folder, loaded.text, identities, others]);
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

/** The context hash of the last plan with this key, if that observed what there is now; otherwise `undefined`. */
export async function findUnchangedHash(key: string, signal?: AbortSignal): Promise<Digest | undefined> {
  const file = cacheFile("observations", key);
  const content = await readChecksummedFile(file, FORMAT);
  if (content === undefined) return undefined;
  if (!(await areUnchanged(decodeObservations(content.subarray(DIGEST_LENGTH)), signal))) return undefined;
  await markCacheFileUsed(file);
  return content.toString("latin1", 0, DIGEST_LENGTH) as Digest;
}

/** Keeps what a plan has observed, if a later look can tell that nothing has changed since. */
export async function saveObservations(key: string, observer: FolderObserver, contextHash: Digest): Promise<void> {
  const { observations } = observer;
  if (observations === undefined) return;
  const content = Buffer.concat([Buffer.from(contextHash), encodeObservations(observations)]);
  const file = cacheFile("observations", key);
  await useCache(async () => {
    await writeChecksummedFile(file, FORMAT, content);
    await keepCacheFile(file);
  });
}
