/** `unikernel logs` */
import { resolveMetro } from "../base/config/metroConfig";
import { parseOptions } from "../base/commandLineOptions";
import { UnikernelError } from "../base/errors";
import { readInstanceLog } from "../client/instanceLog";
import { createMetroClient } from "../client/metroClient";

/** The console log of an instance, as far as the metro has kept it. */
export async function logs([name, ...rest]: readonly string[]): Promise<string> {
  if (name === undefined || name.startsWith("--")) {
    throw new UnikernelError("INPUT_INVALID", "'unikernel logs' takes the name of an instance.", {
      hint: "Write 'npx unikernel logs <name>'.",
    });
  }
  const config = resolveMetro({ argument: { metro: parseOptions(rest, { metro: "list" }).metro.at(-1) } });
  const attempted = `Reading the log of instance '${name}' in metro '${config.metro}'`;
  return (await readInstanceLog(createMetroClient(config), { name }, attempted)).replace(/\r?\n$/, "");
}
