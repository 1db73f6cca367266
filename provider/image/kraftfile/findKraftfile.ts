/** Finds the Kraftfile of an image context. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UnikernelError, hasErrorCode } from "../../base/errors";
import { describeUnreadable } from "../../base/files";
import { mayBeDockerfile } from "../dockerfile/fileName";

/** File names that the vendor's tools look for. Source: KraftKit `unikraft/app/project.go`. */
export const KRAFTFILE_NAMES: readonly string[] = [
  "Kraftfile",
  "Kraftfile.yaml",
  "Kraftfile.yml",
  "kraft.yaml",
  "kraft.yml",
];

/**
 * Absolute path of the only Kraftfile in a folder; parent folders are not searched. Throws `CONTEXT_INVALID` when the
 * folder is missing or not a folder, `KRAFTFILE_INVALID` when it contains no Kraftfile or more than one.
 */
export async function findKraftfile(context: string): Promise<string> {
  const folder = path.resolve(context);
  const names = await listFolder(folder);
  const found = KRAFTFILE_NAMES.filter((name) => names.includes(name));
  const [only, ...others] = found;
  if (only === undefined) {
    throw new UnikernelError("KRAFTFILE_INVALID", `There is no Kraftfile in '${folder}'.`, {
      property: "context",
      hint: adviseWithoutKraftfile(names),
    });
  }
  if (others.length > 0) {
    throw new UnikernelError("KRAFTFILE_INVALID", `There are several Kraftfiles in '${folder}': ${found.join(", ")}.`, {
      property: "context",
      hint: "Keep one of them, or name one with 'kraftfile'.",
    });
  }
  return path.join(folder, only);
}

/** Files such as `Kraftfile.prod`, of which a project may have several. */
const SIMILAR_NAME = /^kraft(?:file)?[.-]/i;

/** A Dockerfile says what files the image has, but not which kernel; so the Kraftfile to write is given in full. */
function adviseWithoutKraftfile(names: readonly string[]): string {
  const similar = names.filter((name) => SIMILAR_NAME.test(name)).sort();
  if (similar.length > 0) return `Name one with 'kraftfile': ${similar.slice(0, 5).join(", ")}.`;
  const dockerfile = names.includes("Dockerfile") ? "Dockerfile" : names.find(mayBeDockerfile);
  return dockerfile === undefined
    ? `Add one of ${KRAFTFILE_NAMES.join(", ")}, or point 'context' at the folder that contains it.`
    : `A Dockerfile alone is not enough, because it names no kernel. Add a file 'Kraftfile' with the lines 'spec: v0.7', 'runtime: base-compat:latest' and 'rootfs: ./${dockerfile}'.`;
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await fs.readdir(folder);
  } catch (cause) {
    const what = hasErrorCode(cause, "ENOTDIR") ? "is not a folder" : await describeUnreadable(folder, cause);
    throw new UnikernelError("CONTEXT_INVALID", `The image context '${folder}' ${what}.`, {
      property: "context",
      hint: "Point 'context' at the folder that contains the Kraftfile; the path is relative to the program.",
      cause,
    });
  }
}
