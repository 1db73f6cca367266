/** The input `files`: its rules, and its conversion to what a build takes. Pure. */
import { isAsset, type Asset } from "../../definition/asset";
import { formatPath } from "../../definition/propertyPath";
import type { CheckFailure, Rule } from "../../definition/resource";
import type { ContentOrigin, GivenFile } from "../../image/build/files/givenFiles";
import { isReservedPath } from "../../image/build/reservedPaths";
import type { FileValue, ImageInputs } from "./inputs";

/** Mode of a file whose mode is not given. */
const DEFAULT_MODE = 0o644;
/**
 * Modes that were meant to be octal: decimal 644 is 0o1204, which nobody means. Their octal readings are common modes, and their
 * decimal values set bits that no file needs.
 */
const DECIMAL_MODES: readonly number[] = [
  ...[400, 440, 444, 500, 550, 555, 600, 640, 644, 660, 664, 666, 700, 750, 755, 770, 775, 777],
];

function originOf({ text, path, uri }: Asset): ContentOrigin {
  if (path !== undefined && path !== "") return { path };
  if (uri !== undefined && uri !== "") return { uri };
  return { text: text ?? "" };
}

function toGivenFile(value: FileValue): GivenFile {
  const root = { mode: DEFAULT_MODE, uid: 0, gid: 0 };
  if (typeof value === "string") return { ...root, origin: { text: value } };
  if (isAsset(value)) return { ...root, origin: originOf(value), sha256: value.hash };
  const { content = "", asset, mode = DEFAULT_MODE, uid = 0, gid = 0 } = value;
  return asset === undefined
    ? { mode, uid, gid, origin: { text: content } }
    : { mode, uid, gid, origin: originOf(asset), sha256: asset.hash };
}

/** The files that a build adds, by their path in the guest. */
export const toGivenFiles = (files: ImageInputs["files"]): ReadonlyMap<string, GivenFile> =>
  new Map(Object.entries(files).map(([path, value]) => [path, toGivenFile(value)]));

/** True if a content is elsewhere: in a file of this machine, or behind a URL. */
export const hasAssets = (files: ImageInputs["files"]): boolean =>
  Object.values(files).some((value) => typeof value !== "string" && (isAsset(value) || value.asset !== undefined));

/** Each file has one content, a mode that was meant, and a path that the platform does not interpret. */
export const fileRule: Rule<ImageInputs> = {
  reads: ["files"],
  test: ({ files }) => Object.entries(files).flatMap(([path, value]) => fileFailures(path, value)),
};

function fileFailures(path: string, value: FileValue): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const fail = (reason: string, member?: string): void =>
    void failures.push({ property: formatPath(["files", path, ...(member === undefined ? [] : [member])]), reason });
  if (!path.startsWith("/")) fail("must be an absolute path of the guest.");
  else if (isReservedPath(path.slice(1))) fail("is reserved for the platform; use a path outside of /unikernel.");
  if (typeof value === "string" || isAsset(value)) return failures;
  const { content, asset, mode } = value;
  if (content === undefined && asset === undefined) fail("needs content: set 'content' or 'asset'.");
  if (content !== undefined && asset !== undefined) fail("has two contents: remove 'content' or 'asset'.");
  if (mode !== undefined && DECIMAL_MODES.includes(mode))
    fail(`must be an octal literal: write 0o${mode}, because the decimal ${mode} is 0o${mode.toString(8)}.`, "mode");
  return failures;
}
