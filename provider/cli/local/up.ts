/** `unikernel local up` */
import { connectLocalDaemon } from "../client/localDaemon";
import { environmentVariable } from "../base/config/environment";
import { UnikernelError } from "../base/errors";
import { localPaths } from "../base/localPaths";
import { toCommandLineOptions, parseSettings, unmetOptions } from "../platform/daemonSettings";

/**
 * Starts the daemon unless one is running. Throws `INPUT_INVALID` for invalid arguments, `IN_USE` when the running daemon
 * was started with other settings.
 */
export async function localUp(args: readonly string[]): Promise<string> {
  const requestedSettings = parseSettings(args, environmentVariable("UNIKERNEL_QUOTAS"));
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
