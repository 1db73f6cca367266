/** `unikernel local gdb` */
import * as z from "zod";
import { parseArguments } from "../../../base/commandLineOptions";
import { UnikernelError } from "../../../base/errors";
import type { QmpClient } from "../../../platform/vmm/qemu/qmpClient";
import { openMonitor } from "./monitor";

/** QEMU's name for the stub among its character devices. Source: QEMU 7.2, gdbstub/gdbstub.c, `gdbserver_start`. */
const STUB_LABEL = "gdb";

/** Source: QEMU, qapi/char.json, `ChardevInfo`. */
const characterDevices = z.array(z.object({ label: z.string(), filename: z.string() }));

/**
 * Opens QEMU's GDB stub of an instance and returns the command that attaches a debugger; `--off` closes it. The stub is a UNIX socket
 * in a private folder: a debugger controls the guest and reads its memory, so no other user may connect. A stub that is open stays so,
 * with the debugger that is attached to it.
 */
export async function gdb(args: readonly string[]): Promise<string> {
  const { operands, options } = parseArguments(args, { off: "switch" });
  const { name, files, qmp } = await openMonitor(operands);
  try {
    if (options.off) {
      await qmp.humanMonitorCommand("gdbserver none");
      return `The GDB stub of '${name}' is closed.`;
    }
    const stub = await stubState(qmp);
    if (stub === "closed") await openStub(qmp, name, files.gdbSocket);
    return instructions(name, files.gdbSocket, stub);
  } finally {
    qmp.close();
  }
}

type StubState = "closed" | "open" | "attached";

/** QEMU opens a stub once: a second `gdbserver` command fails. */
async function stubState(qmp: QmpClient): Promise<StubState> {
  const { data: devices } = characterDevices.safeParse(await qmp.execute("query-chardev"));
  const stub = devices?.find(({ label }) => label === STUB_LABEL);
  if (stub === undefined) return "closed";
  return stub.filename.startsWith("disconnected:") ? "open" : "attached";
}

async function openStub(qmp: QmpClient, name: string, socket: string): Promise<void> {
  const printed = await qmp.humanMonitorCommand(`gdbserver unix:${socket},server=on,wait=off`);
  if (/could not|failed|error/i.test(printed)) {
    throw new UnikernelError("VMM_FAILED", `QEMU did not open the GDB stub of '${name}': ${printed.trim()}.`);
  }
}

function instructions(name: string, socket: string, before: StubState): string {
  const attached = before === "attached" ? " A debugger is attached; a second one waits until that has detached." : "";
  return [
    `The GDB stub of '${name}' is open.${attached} Attach with`,
    "",
    `  gdb -ex 'target remote ${socket}'`,
    "",
    "and add the kernel with debug symbols as its argument. The guest stands still while a debugger has stopped it.",
    `Close the stub with 'npx unikernel local gdb ${name} --off'.`,
  ].join("\n");
}
