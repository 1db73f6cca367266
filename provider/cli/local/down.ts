/** `unikernel local down` */
import { createClient } from "../../client/client";
import { connectLocalDaemon, findLocalDaemon } from "../../client/localDaemon";
import { parseOptions } from "../../base/commandLineOptions";
import { systemClock } from "../../base/clock";
import { UnikernelError } from "../../base/errors";
import { deleteEverything } from "../deleteEverything";
import { stopStartingAtLogin } from "./machine/atLogin";

const STOP_TIMEOUT_MS = 20_000;
const POLL_INTERVAL_MS = 50;

/**
 * Stops the daemon; `--all` deletes everything first, `--at-login` also keeps it from starting at login.
 *
 * Throws `IN_USE` while VMs run or when something cannot be deleted, `DAEMON_FAILED` when the daemon does not stop within
 * {@link STOP_TIMEOUT_MS}.
 */
export async function down(args: readonly string[]): Promise<string> {
  const options = parseOptions(args, { all: "switch", "at-login": "switch" });
  // First, because instances that run keep the daemon from being stopped, but not from no longer being started.
  const login = options["at-login"] ? ` ${await stopStartingAtLogin()}` : "";
  try {
    return `${await stop(options.all)}${login}`;
  } catch (error) {
    if (login === "" || !(error instanceof UnikernelError)) throw error;
    throw new UnikernelError(error.code, `${error.message}${login}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}

async function stop(all: boolean): Promise<string> {
  // With --all, start a daemon if necessary: the objects to delete may belong to a platform whose daemon has exited.
  const daemon = all ? await connectLocalDaemon() : await findLocalDaemon();
  if (daemon === undefined) return "The local platform is not running.";
  const client = createClient({ metro: "local", endpoint: () => Promise.resolve(daemon) });
  if (all) await deleteEverything(client);
  const running = (await client.getInstances({})).items.filter(({ state }) => state !== "stopped");
  if (running.length > 0) {
    const names = running.map(({ name }) => `'${name}'`).join(", ");
    throw new UnikernelError("IN_USE", `Instances are running on the local platform: ${names}.`, {
      hint: "Destroy them with Pulumi, or delete everything with 'npx unikernel local down --all'.",
    });
  }
  await stopDaemon(daemon.pid);
  return all ? "The local platform is empty and stopped." : "The local platform is stopped.";
}

async function stopDaemon(pid: number): Promise<void> {
  const deadline = systemClock.now() + STOP_TIMEOUT_MS;
  for (let signal: NodeJS.Signals | 0 = "SIGTERM"; ; signal = 0) {
    try {
      process.kill(pid, signal);
    } catch {
      return; // it has already exited
    }
    if (systemClock.now() > deadline) {
      throw new UnikernelError(
        "DAEMON_FAILED",
        `The daemon (process ${pid}) did not stop within ${STOP_TIMEOUT_MS / 1000} s.`,
      );
    }
    await systemClock.sleep(POLL_INTERVAL_MS);
  }
}
