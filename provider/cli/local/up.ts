/** `unikernel local up` */
import * as net from "node:net";
import { connectLocalDaemon, findLocalDaemon } from "../../client/localDaemon";
import { environmentVariable } from "../../base/config/environment";
import { errorMessage, UnikernelError } from "../../base/errors";
import { localPaths } from "../../base/localPaths";
import { toCommandLineOptions, parseSettings, unmetOptions } from "../../platform/daemonSettings";
import { assertCanStartAtLogin, startAtLogin } from "./machine/atLogin";

const AT_LOGIN = "--at-login";

/**
 * Starts the daemon unless one is running. With `--at-login`, the user's systemd starts it at each login, and it keeps running when idle.
 *
 * Throws `INPUT_INVALID` for invalid arguments, `IN_USE` when the running daemon was started with other settings (but not for `--at-login`,
 * which concerns the next one), and when the port is taken, `NOT_SUPPORTED` for `--at-login` without systemd.
 */
export async function up(given: readonly string[]): Promise<string> {
  const isAtLogin = given.includes(AT_LOGIN);
  const options = given.filter((one) => one !== AT_LOGIN);
  const args = isAtLogin && !options.includes("--stay") ? ["--stay", ...options] : options;
  if (isAtLogin) assertCanStartAtLogin();
  const requestedSettings = parseSettings(args, environmentVariable("UNIKERNEL_QUOTAS"));
  const { port } = requestedSettings;
  if (port !== undefined && (await findLocalDaemon()) === undefined) await assertPortFree(port);
  const { url, pid, settings } = await connectLocalDaemon({ daemonArguments: args });
  const missing = unmetOptions(requestedSettings, settings);
  if (missing.length > 0 && !isAtLogin) {
    throw new UnikernelError(
      "IN_USE",
      `The local platform is already running (process ${pid}), started without '${missing.join(" ")}'.`,
      {
        hint: `Stop it with 'npx unikernel local down', or with 'kill ${pid}' while instances run, which go on without it. Then run this command again.`,
      },
    );
  }
  const running = toCommandLineOptions(settings);
  const startedWith = running.length === 0 ? "" : ` It was started with '${running.join(" ")}'.`;
  const text = `The local platform is running at ${url} (process ${pid}); its files are in ${localPaths().stateDir}.${startedWith}`;
  if (!isAtLogin) return text;
  // A daemon that serves running instances cannot be stopped for it, and the unit is for the next one anyway.
  const later = missing.length === 0 ? "" : `\nIt runs without '${missing.join(" ")}' until it is started again.`;
  return `${text}${later}\n${await startAtLogin(args)}`;
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
