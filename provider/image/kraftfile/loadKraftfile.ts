/** Finds, reads and parses the Kraftfile of an image context. */
import * as path from "node:path";
import { UnikernelError } from "../../base/errors";
import { findKraftfile } from "./findKraftfile";
import type { Kraftfile } from "./model";
import { parseKraftfile } from "./parse";
import { readKraftfile } from "./readKraftfile";

/** A parsed Kraftfile and where it is. */
export interface LoadedKraftfile {
  readonly kraftfile: Kraftfile;
  /** Absolute path of the context, to which the paths in the Kraftfile are relative. */
  readonly folder: string;
  /** Absolute path of the Kraftfile. */
  readonly file: string;
  /** For messages: a path that the user can open, relative to the program when the context is. */
  readonly displayPath: string;
  /** For messages that quote a line. */
  readonly text: string;
}

/**
 * Loads the Kraftfile of a context. `kraftfile` is its path, relative to the context; `undefined`: the only one of the usual names.
 * Throws `CONTEXT_INVALID` for a context that is missing, and `KRAFTFILE_INVALID` that lists all problems.
 */
export async function loadKraftfile(context: string, kraftfile?: string): Promise<LoadedKraftfile> {
  const folder = path.resolve(context);
  if (kraftfile?.includes("\0") === true) {
    throw new UnikernelError("KRAFTFILE_INVALID", "The path of the Kraftfile contains a NUL character.", {
      property: "kraftfile",
    });
  }
  const file = kraftfile === undefined ? await findKraftfile(context) : path.resolve(folder, kraftfile);
  const displayPath = path.join(context, path.relative(folder, file));
  const text = await readKraftfile(folder, file, kraftfile === undefined ? "context" : "kraftfile");
  return { kraftfile: parseKraftfile(text, displayPath), folder, file, displayPath, text };
}
