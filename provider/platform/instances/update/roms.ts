/** ROMs: read-only files that are added to those of the image. Pure. */
import type * as z from "zod";
import type { InlineFile, rom } from "../../../contract/models";
import { ApiItemError } from "../../errors";
import type { RomRecord } from "../../store/instances";
import { firstDuplicate } from "./rules";

/** A ROM as a request describes it. */
export type RomRequest = z.infer<typeof rom>;

/** Most ROMs of one instance, and most bytes of one inline file. Source: the cloud's documentation. */
const MAX_ROMS = 8;
const MAX_FILE_BYTES = 1024 * 1024;
/** Most bytes of all inline files of one instance. Bounded because every read of the instance returns them. */
const MAX_INLINE_BYTES = 4 * 1024 * 1024;
/** Where the stand-in guest keeps its own files. */
const RESERVED_PATH = "/unikernel";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const PATH_SEGMENT = /^(?!\.\.?$)[^/\0]+$/;

/**
 * The record of a ROM in a request, without its image.
 *
 * Throws `NotBoth` or `MissingId` unless it has exactly one of image and files, `Invalid` for an invalid path or content,
 * `TooLong` for a file above 1 MiB.
 */
export function toRomRecord({ name, image, files, at }: RomRequest): RomRecord {
  if (image !== undefined && files !== undefined)
    throw new ApiItemError("NotBoth", `ROM '${name}': either 'image' or 'files' can be given, not both`);
  if (image === undefined && (files === undefined || files.length === 0))
    throw new ApiItemError("MissingId", `ROM '${name}': either 'image' or 'files' must be given`);
  const place = at ?? `/rom/${name}`;
  if (!place.startsWith("/")) throw new ApiItemError("Invalid", `ROM '${name}': 'at' must be an absolute path`);
  if (place !== "/") checkPath(name, place.slice(1));
  for (const file of files ?? []) {
    const path = file.path.replace(/^\//, "");
    checkPath(name, path);
    checkContent(name, file);
    if (isReserved(`${place.replace(/\/$/, "")}/${path}`))
      throw new ApiItemError("Invalid", `ROM '${name}': '${RESERVED_PATH}' is reserved for the platform`);
  }
  const twice = firstDuplicate((files ?? []).map(({ path }) => path.replace(/^\//, "")));
  if (twice !== undefined) throw new ApiItemError("Invalid", `ROM '${name}' has two files '${twice}'`);
  return { name, at: place, ...(files === undefined ? {} : { files }) };
}

function checkPath(rom: string, path: string): void {
  if (path.split("/").some((part) => !PATH_SEGMENT.test(part)))
    throw new ApiItemError(
      "Invalid",
      `ROM '${rom}': '${path}' is not a valid path: it has an empty segment, '.' or '..'`,
    );
}

function checkContent(rom: string, file: InlineFile): void {
  const what = `ROM '${rom}': the file '${file.path}'`;
  if (file.encoding === "base64" && !BASE64.test(file.data)) throw new ApiItemError("Invalid", `${what} is not base64`);
  const { length } = decodeInlineFile(file);
  if (length > MAX_FILE_BYTES)
    throw new ApiItemError("TooLong", `${what} has ${length} bytes; an inline file has at most ${MAX_FILE_BYTES}`);
}

const isReserved = (path: string): boolean => path === RESERVED_PATH || path.startsWith(`${RESERVED_PATH}/`);

/** Decodes the content of an inline file. */
export const decodeInlineFile = ({ data, encoding }: InlineFile): Buffer =>
  Buffer.from(data, encoding === "base64" ? "base64" : "utf8");

/** Checks all ROMs of an instance together. Throws `Invalid`, `TooLong`. */
export function checkRoms(roms: readonly RomRecord[]): void {
  if (roms.length > MAX_ROMS)
    throw new ApiItemError(
      "Invalid",
      `An instance has at most ${MAX_ROMS} ROMs; with these it would have ${roms.length}`,
    );
  const twice = firstDuplicate(roms.map(({ name }) => name));
  if (twice !== undefined) throw new ApiItemError("Invalid", `Two ROMs are called '${twice}'`);
  const files = roms.flatMap((one) => one.files ?? []);
  const bytes = files.reduce((sum, file) => sum + decodeInlineFile(file).length, 0);
  if (bytes > MAX_INLINE_BYTES) {
    const why = `with these it would have ${bytes} bytes`;
    throw new ApiItemError("TooLong", `An instance has at most ${MAX_INLINE_BYTES} bytes of inline files; ${why}`);
  }
}
