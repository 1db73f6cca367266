/** Finds QEMU on this machine. */
import * as fs from "node:fs";
import * as os from "node:os";
import { environmentVariable } from "../../../../base/config/environment";
import { UnikernelError } from "../../../../base/errors";
import { findTool } from "../../../../base/exec";

const BINARY = "qemu-system-x86_64";

const INSTALL_HINTS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux:
    "Install it with 'apt-get install qemu-system-x86' (Debian, Ubuntu), 'dnf install qemu-system-x86' (Fedora) or your package manager",
  darwin: "Install it with 'brew install qemu'",
};

/** A daemon keeps the environment it was started with, so a new value needs a restart. */
const RESTART_HINT = "run 'npx unikernel local down' so that the local platform restarts with the new value";

/**
 * Absolute path of QEMU for x86-64: `UNIKERNEL_QEMU` if set, otherwise the one on PATH.
 *
 * Throws `QEMU_MISSING` with the command that installs QEMU.
 */
export function findQemu(): string {
  const chosen = environmentVariable("UNIKERNEL_QEMU");
  const hint = `${INSTALL_HINTS[os.platform()] ?? "Install QEMU"}, or set UNIKERNEL_QEMU to its path and ${RESTART_HINT}.`;
  if (chosen !== undefined) {
    try {
      fs.accessSync(chosen, fs.constants.X_OK);
      return fs.realpathSync(chosen);
    } catch (cause) {
      const message = `UNIKERNEL_QEMU is '${chosen}', which is not an executable file.`;
      throw new UnikernelError("QEMU_MISSING", message, { hint: `Correct or unset it, then ${RESTART_HINT}.`, cause });
    }
  }
  const found = findTool(BINARY);
  if (found === undefined) throw new UnikernelError("QEMU_MISSING", `'${BINARY}' was not found on PATH.`, { hint });
  return found;
}
