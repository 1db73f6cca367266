/** `unikernel logs` */
import { resolveMetro } from "../base/config/metroConfig";
import { parseOptions } from "../base/commandLineOptions";
import { UnikernelError } from "../base/errors";
import { readInstanceLog } from "../client/instanceLog";
import { createMetroClient } from "../client/metroClient";
import { readNamed } from "./findName";

/** The console log of an instance, as far as the metro has kept it. Takes its name, or that of its resource. */
export async function logs([name, ...rest]: readonly string[]): Promise<string> {
  if (name === undefined || name.startsWith("--")) {
    throw new UnikernelError("INPUT_INVALID", "'unikernel logs' takes the name of an instance.", {
      hint: "Write 'npx unikernel logs <name>'.",
    });
  }
  const config = resolveMetro({ argument: { metro: parseOptions(rest, { metro: "list" }).metro.at(-1) } });
  const client = createMetroClient(config);
  const read = (found: string): Promise<string> =>
    readInstanceLog(client, { name: found }, `Reading the log of instance '${found}' in metro '${config.metro}'`);
  const log = await readNamed(name, read, async () => (await client.getInstances({})).items);
  return log.replace(/\r?\n$/, "");
}
