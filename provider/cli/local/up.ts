/** `unikernel local up` */
import * as net from "node:net";
import { connectLocalDaemon, findLocalDaemon } from "../../client/localDaemon";
import { environmentVariable } from "../../base/config/environment";
import { errorMessage, UnikernelError } from "../../base/errors";
import { localPaths } from "../../base/localPaths";
import { toCommandLineOptions, parseSettings, unmetOptions } from "../../platform/daemonSettings";

/**
 * Starts the daemon unless one is running. Throws `INPUT_INVALID` for invalid arguments, `IN_USE` when the running daemon
 * was started with other settings, and when the port is taken.
 */
export async function up(args: readonly string[]): Promise<string> {
  const requestedSettings = parseSettings(args, environmentVariable("UNIKERNEL_QUOTAS"));
  const { port } = requestedSettings;
  if (port !== undefined && (await findLocalDaemon()) === undefined) await assertPortFree(port);
  const { url, pid, settings } = await connectLocalDaemon({ daemonArguments: args });
  const missing = unmetOptions(requestedSettings, settings);
  if (missing.length > 0) {
    throw new UnikernelError(
      "IN_USE",
      `The local platform is already running (process ${pid}), started without '${missing.join(" ")}'.`,
      { hint: "Stop it with 'npx unikernel local down', then run this command again." },
    );
  }
  const options = toCommandLineOptions(settings);
  const startedWith = options.length === 0 ? "" : ` It was started with '${options.join(" ")}'.`;
  return `The local platform is running at ${url} (process ${pid}); its files are in ${localPaths().stateDir}.${startedWith}`;
}

/** A daemon that cannot listen only says so in its log; this is for people. */
async function assertPortFree(port: number): Promise<void> {
  const server = net.createServer();
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  } catch (cause) {
    throw new UnikernelError("IN_USE", `The local platform cannot listen on port ${port} (${errorMessage(cause)}).`, {
      hint: "Give another number to '--port', or end the program that has this one.",
      cause,
    });
  } finally {
    server.close();
  }
}
