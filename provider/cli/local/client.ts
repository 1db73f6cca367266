/** The client of the local platform, for commands that are about no other metro. */
import { type Client, createClient } from "../../client/client";
import { connectLocalDaemon, findLocalDaemon, type LocalDaemon } from "../../client/localDaemon";
import { UnikernelError } from "../../base/errors";
import { localPaths } from "../../base/localPaths";

/** A running daemon and a client of its API. */
export interface LocalConnection {
  readonly daemon: LocalDaemon;
  readonly client: Client;
}

const connectTo = (daemon: LocalDaemon): LocalConnection => ({
  daemon,
  client: createClient({ metro: "local", endpoint: () => Promise.resolve(daemon) }),
});

/** Connects to the daemon, and starts it if none runs: after a reboot, its objects are known to it alone. Throws `DAEMON_FAILED`. */
export const connectLocal = async (): Promise<LocalConnection> => connectTo(await connectLocalDaemon());

/** The connection to the running daemon; `undefined` if none runs. Starts none. */
export async function findLocal(): Promise<LocalConnection | undefined> {
  const daemon = await findLocalDaemon();
  return daemon === undefined ? undefined : connectTo(daemon);
}

/** The connection to the running daemon. Throws `DAEMON_FAILED` if none runs. Starts none. */
export async function requireLocal(): Promise<LocalConnection> {
  const found = await findLocal();
  if (found !== undefined) return found;
  throw new UnikernelError("DAEMON_FAILED", `The local platform of '${localPaths().stateDir}' is not running.`, {
    hint: "Start it with 'npx unikernel local up'.",
  });
}
