/** Lists of what an image was built from, so that a preview can name the files that changed since. */
import * as crypto from "node:crypto";
import type { Digest } from "../../base/digest";
import type { ImageParts } from "../build/imageParts";
import { cacheFile, readCacheFile, writeCacheFile } from "./cacheFiles";

/** First word of a list; incremented when its format changes. */
const MAGIC = "file-list-1";
/** Names in a description, before "and 5 more". */
const MAX_NAMES = 3;

/** Part → its content, as a hash that is different in each list: contents may be secrets, which a plain hash would let anyone guess. */
type FileList = { readonly salt: string; readonly hashes: ReadonlyMap<string, string> };

const hashPart = (salt: string, name: string, content: string): string =>
  crypto.createHmac("sha256", salt).update(`${name}\0${content}`).digest("hex").slice(0, 32);

/** Keeps the list of an image that was built. */
export async function saveFileList(contextHash: Digest, parts: ImageParts): Promise<void> {
  const salt = crypto.randomBytes(16).toString("hex");
  const lines = [...parts].map(([name, content]) => `${hashPart(salt, name, content)} ${JSON.stringify(name)}`);
  await writeCacheFile(cacheFile("file-lists", contextHash), [`${MAGIC} ${salt}`, ...lines].join("\n"));
}

async function loadFileList(contextHash: string): Promise<FileList | undefined> {
  const [head = "", ...lines] = ((await readCacheFile(cacheFile("file-lists", contextHash))) ?? "").split("\n");
  const [magic, salt] = head.split(" ");
  if (magic !== MAGIC || salt === undefined) return undefined;
  try {
    const hashes = lines.map((line) => [JSON.parse(line.slice(33)) as string, line.slice(0, 32)] as const);
    return { salt, hashes: new Map(hashes) };
  } catch {
    return undefined; // damaged
  }
}

/**
 * What changed since the image with this context hash was built, such as `1 file changed (/www/index.html)`; `context changed` if that
 * image was not built on this machine, or too long ago.
 */
export async function describeContextChange(before: string, parts: ImageParts): Promise<string> {
  const list = await loadFileList(before);
  return (list && describeParts(list, parts)) ?? "context changed";
}

function describeParts({ salt, hashes }: FileList, parts: ImageParts): string | undefined {
  const changed = [...parts].flatMap(([name, content]) => {
    const hash = hashes.get(name);
    return hash !== undefined && hash !== hashPart(salt, name, content) ? [name] : [];
  });
  const added = [...parts.keys()].filter((name) => !hashes.has(name));
  const removed = [...hashes.keys()].filter((name) => !parts.has(name));
  const keys = [...changed, ...added, ...removed].filter((name) => !isFile(name));
  const clauses = [
    ...describeFiles(changed.filter(isFile), "changed"),
    ...describeFiles(added.filter(isFile), "added"),
    ...describeFiles(removed.filter(isFile), "removed"),
    ...(keys.length === 0 ? [] : [`${keys.join(", ")} changed`]),
  ];
  return clauses.length === 0 ? undefined : clauses.join("; ");
}

const isFile = (name: string): boolean => /^\.?\//.test(name);

function describeFiles(names: readonly string[], what: string): readonly string[] {
  if (names.length === 0) return [];
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : "";
  return [
    `${names.length === 1 ? "1 file" : `${names.length} files`} ${what} (${names.slice(0, MAX_NAMES).join(", ")}${more})`,
  ];
}
