/**
 * Tells which parameters a Unikraft kernel takes on its command line. A kernel that was built without uklibparam, or without the library
 * that a parameter belongs to, would get it as an argument of its program.
 */
import * as fs from "node:fs/promises";
import { UnikernelError } from "../../../../base/errors";
import type { VmSpec } from "../../vmm";

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
 * The parameters that a kernel may take. uklibparam compares the name of a library with strings in the kernel, so that a kernel without
 * that string does not know it; a kernel with the string probably does. Throws file system errors.
 */
export async function findUnikraftParameters(kernel: string): Promise<UnikraftParameters> {
  const bytes = await fs.readFile(kernel);
  const has = (library: string): boolean => bytes.includes(`${library}\0`, 0, "latin1");
  return { netdev: has("netdev"), vfs: has("vfs"), env: has("env") };
}

/**
 * Asserts that the kernel takes what the instance needs: it would ignore the rest silently, or give it to the program. Throws
 * `INPUT_INVALID`.
 */
export function assertTaken({ env: variables, disks }: VmSpec, { vfs, env }: UnikraftParameters): void {
  const names = Object.keys(variables);
  if (names.length > 0 && !env) {
    throw new UnikernelError(
      "INPUT_INVALID",
      `The kernel takes no environment variables, and the instance has ${names.join(", ")}.`,
      {
        property: "env",
        hint: "Remove them, also from the image, or build the kernel with uklibparam and posix-environ.",
      },
    );
  }
  if (disks.length > 0 && !vfs) {
    throw new UnikernelError(
      "INPUT_INVALID",
      "The kernel mounts no volumes: it does not know the parameter vfs.fstab.",
      {
        property: "volumes",
        hint: "Remove the volumes, or build the kernel with uklibparam and a virtual file system.",
      },
    );
  }
}
