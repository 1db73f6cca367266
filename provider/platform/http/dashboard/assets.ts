/** The files of the page. They are sent as they are in the package: no build step makes them. */
import * as fs from "node:fs/promises";
import * as path from "node:path";

/** Content types by the ending of the file; no other file is served. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
};

/** Below the package's root: beside this file if it runs from source, otherwise beside `dist`. */
const PAGE_FOLDER = __filename.endsWith(".ts")
  ? path.join(__dirname, "page")
  : path.join(__dirname, "../../../../..", "provider/platform/http/dashboard/page");

/** A file of the page. */
export interface Asset {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** The file of this name; `undefined` if the page has none. */
export async function readAsset(name: string): Promise<Asset | undefined> {
  const contentType = CONTENT_TYPES[path.extname(name)];
  if (contentType === undefined || !/^[a-z]+\.[a-z]+$/.test(name)) return undefined;
  const bytes = await fs.readFile(path.join(PAGE_FOLDER, name)).catch(() => undefined);
  return bytes === undefined ? undefined : { contentType, bytes };
}
