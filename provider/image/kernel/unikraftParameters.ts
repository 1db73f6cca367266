/**
 * Tells which parameters a Unikraft kernel takes on its command line. A kernel that was built without uklibparam, or without the library
 * that a parameter belongs to, would get it as an argument of its program.
 */
import * as fs from "node:fs/promises";

/** Libraries of Unikraft whose parameters a VM may need: network, file systems, environment. */
export interface UnikraftParameters {
  /** `netdev.ip` */
  readonly netdev: boolean;
  /** `vfs.fstab` */
  readonly vfs: boolean;
  /** `env.vars` */
  readonly env: boolean;
}

/**
 * The parameters that a kernel with these bytes may take. uklibparam compares the name of a library with strings in the kernel, so that a
 * kernel without that string does not know it; a kernel with the string probably does. Pure.
 */
export function unikraftParametersIn(bytes: Buffer): UnikraftParameters {
  const has = (library: string): boolean => bytes.includes(`${library}\0`, 0, "latin1");
  return { netdev: has("netdev"), vfs: has("vfs"), env: has("env") };
}

/** {@link unikraftParametersIn} of a file. Throws file system errors. */
export const findUnikraftParameters = async (kernel: string): Promise<UnikraftParameters> =>
  unikraftParametersIn(await fs.readFile(kernel));
