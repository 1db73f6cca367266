/** What a Kraftfile may ask for and this package cannot build yet. */
import { kraftfileError } from "../kraftfile/kraftfileError";
import type { LoadedKraftfile } from "../kraftfile/loadKraftfile";
import type { Kraftfile, Problem } from "../kraftfile/model";

/** A Kraftfile whose kernel is a runtime image. */
export type RuntimeKraftfile = Kraftfile & { readonly runtime: string };

/** The Kraftfile, if its image can be built. Throws `KRAFTFILE_INVALID` with the position of what cannot. */
export function assertSupported({ kraftfile, displayPath, text }: LoadedKraftfile): RuntimeKraftfile {
  const problems = [...findKernelProblems(kraftfile), ...findSourceProblems(kraftfile)];
  const { runtime } = kraftfile;
  if (problems.length > 0 || runtime === undefined) throw kraftfileError(displayPath, text, problems);
  return { ...kraftfile, runtime };
}

function findKernelProblems({ runtime, kernelFile, compiles }: Kraftfile): Problem[] {
  if (runtime !== undefined) return [];
  if (compiles !== undefined) {
    const { key, line, column } = compiles;
    const message = `'${key}' compiles a kernel, which only the tool 'kraft' can do; set 'runtime' to a prebuilt one instead.`;
    return [{ line, column, message }];
  }
  if (kernelFile !== undefined) {
    const { line, column } = kernelFile;
    return [{ line, column, message: "kernel files are not supported yet; set 'runtime' to a runtime image." }];
  }
  const message =
    "images without a kernel are not supported yet; set 'runtime', such as 'runtime: base-compat:latest'.";
  return [{ line: 1, column: 1, message }];
}

const findSourceProblems = ({ roms }: Kraftfile): Problem[] =>
  roms.map(({ position }) => ({ ...position, message: "ROM images are not supported yet." }));
