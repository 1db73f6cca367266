/** `unikernel local env` */
import { parseOptions } from "../../base/commandLineOptions";
import { connectLocal } from "./client";

/**
 * The address and token of the local platform as the variables that other clients of the cloud read, as shell lines for
 * `eval "$(…)"`. Starts the daemon if none runs. The output holds a secret.
 */
export async function env(args: readonly string[]): Promise<string> {
  const { json } = parseOptions(args, { json: "switch" });
  const { daemon } = await connectLocal();
  const variables = { UKC_METRO: daemon.url, UKC_TOKEN: daemon.token };
  if (json) return JSON.stringify(variables, undefined, 2);
  // An address and a token in hexadecimal need no quotes, in any shell.
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${value}`)
    .join("\n");
}
