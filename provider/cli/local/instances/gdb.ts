/** `unikernel local gdb` */
import { parseArguments } from "../../../base/commandLineOptions";
import { UnikernelError } from "../../../base/errors";
import { openMonitor } from "./monitor";

/**
 * Opens QEMU's GDB stub of an instance and returns the command that attaches a debugger; `--off` closes it. The stub is a UNIX socket
 * in a private folder: a debugger controls the guest and reads its memory, so no other user may connect.
 */
export async function gdb(args: readonly string[]): Promise<string> {
  const { operands, options } = parseArguments(args, { off: "switch" });
  const { name, files, qmp } = await openMonitor(operands);
  try {
    if (options.off) {
      await qmp.humanMonitorCommand("gdbserver none");
      return `The GDB stub of '${name}' is closed.`;
    }
    const printed = await qmp.humanMonitorCommand(`gdbserver unix:${files.gdbSocket},server=on,wait=off`);
    if (/could not|failed|error/i.test(printed)) {
      throw new UnikernelError("VMM_FAILED", `QEMU did not open the GDB stub of '${name}': ${printed.trim()}.`);
    }
  } finally {
    qmp.close();
  }
  return [
    `The GDB stub of '${name}' is open. Attach with`,
    "",
    `  gdb -ex 'target remote ${files.gdbSocket}'`,
    "",
    "and add the kernel with debug symbols as its argument. The guest stands still while a debugger has stopped it.",
    `Close the stub with 'npx unikernel local gdb ${name} --off'.`,
  ].join("\n");
}
