/** `unikernel local console` */
import * as net from "node:net";
import { parseArguments } from "../../../base/commandLineOptions";
import { systemClock } from "../../../base/clock";
import { UnikernelError } from "../../../base/errors";
import { type CommandResult, ExitCode } from "../../command";
import { withInterruptSignal, writeOutput } from "../../terminal/stream";
import { type InstanceMonitor, openMonitor } from "./monitor";

/** The key that detaches, Ctrl-]: as in telnet and virsh, since Ctrl-C is the guest's. */
const DETACH_KEY = 0x1d;
/** How long output may pause before the end of input that is no terminal ends the session. */
const QUIET_MS = 1_000;

/**
 * Attaches the terminal to the serial console of an instance, until Ctrl-] or the end of the VM. Input that is a pipe is sent as it
 * is; the session then ends once the guest has been quiet for a second. The console log goes on meanwhile.
 */
export async function attachConsole(args: readonly string[]): Promise<CommandResult> {
  const { operands } = parseArguments(args, {});
  const monitor = await openMonitor(operands);
  try {
    await connectConsole(monitor);
    const socket = await openSocket(monitor);
    if (process.stdin.isTTY) process.stderr.write(`Attached to '${monitor.name}'. Ctrl-] detaches.\n`);
    const outcome = await withInterruptSignal((interrupted) => relay(socket, interrupted));
    if (process.stdin.isTTY) process.stderr.write(outcome === "closed" ? "\nThe VM has ended.\n" : "\nDetached.\n");
    return { text: "", exitCode: outcome === "interrupted" ? ExitCode.interrupted : ExitCode.success };
  } finally {
    await disconnectConsole(monitor);
    monitor.qmp.close();
  }
}

/** Moves the guest's serial line from the log to a socket that also writes the log. Source: QEMU, qapi/char.json. */
async function connectConsole({ qmp, files }: InstanceMonitor): Promise<void> {
  const addr = { type: "unix", data: { path: files.consoleSocket } };
  const data = { addr, server: true, wait: false, logfile: files.consoleLog, logappend: true };
  await qmp.execute("chardev-change", { id: "console", backend: { type: "socket", data } });
}

/** Moves it back. A VM that has ended needs no such thing. */
async function disconnectConsole({ qmp, files }: InstanceMonitor): Promise<void> {
  const data = { out: files.consoleLog, append: true };
  await qmp.execute("chardev-change", { id: "console", backend: { type: "file", data } }).catch(() => undefined);
}

function openSocket({ name, files }: InstanceMonitor): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(files.consoleSocket, () => resolve(socket));
    socket.once("error", (cause) =>
      reject(new UnikernelError("VMM_FAILED", `The console of '${name}' cannot be reached.`, { cause })),
    );
  });
}

/** Copies both ways. Resolves with how the session ended. */
async function relay(socket: net.Socket, interrupted: AbortSignal): Promise<"detached" | "closed" | "interrupted"> {
  const { stdin } = process;
  let lastOutputAtMs = performance.now();
  if (stdin.isTTY) stdin.setRawMode(true);
  try {
    return await new Promise((resolve) => {
      const waitUntilQuiet = async (): Promise<void> => {
        while (performance.now() - lastOutputAtMs < QUIET_MS) await systemClock.sleep(QUIET_MS / 10);
        resolve("detached");
      };
      socket.once("close", () => resolve("closed"));
      socket.on("error", () => undefined); // 'close' follows
      socket.on("data", (bytes: Buffer) => {
        lastOutputAtMs = performance.now();
        socket.pause();
        void writeOutput(bytes).then(() => socket.resume());
      });
      interrupted.addEventListener("abort", () => resolve("interrupted"));
      stdin.on("data", (bytes: Buffer) => {
        const at = stdin.isTTY ? bytes.indexOf(DETACH_KEY) : -1;
        socket.write(at < 0 ? bytes : bytes.subarray(0, at));
        if (at >= 0) resolve("detached");
      });
      stdin.once("end", () => {
        lastOutputAtMs = performance.now();
        void waitUntilQuiet();
      });
    });
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    stdin.unref();
    socket.destroy();
  }
}
