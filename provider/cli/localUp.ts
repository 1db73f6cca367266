/** `unikernel local up` */
import { connectLocal } from "../api/localDaemon";
import { localPaths } from "../base/localPaths";
import { parseSwitches } from "./arguments";

/** Starts the daemon unless one runs. */
export async function localUp(args: readonly string[]): Promise<string> {
  const { stay } = parseSwitches(args, ["stay"]);
  const daemon = await connectLocal({ stay });
  return `The local platform serves at ${daemon.url} (process ${daemon.pid}); its files are in ${localPaths().state}.`;
}
