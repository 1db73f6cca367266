/** `unikernel logs` */
import { resolveMetro } from "../base/config/metroConfig";
import { parseOptions } from "../base/commandLineOptions";
import { UnikernelError } from "../base/errors";
import { type Client, onlyItem } from "../client/client";
import { createMetroClient } from "../client/metroClient";

/** Most bytes of a log in one response. Source: the platform's documentation. */
const MAX_LOG_BYTES = 16_383;

/** The console log of an instance, as far as the metro has kept it. */
export async function logs([name, ...rest]: readonly string[]): Promise<string> {
  if (name === undefined || name.startsWith("--")) {
    throw new UnikernelError("INPUT_INVALID", "'unikernel logs' takes the name of an instance.", {
      hint: "Write 'npx unikernel logs <name>'.",
    });
  }
  const config = resolveMetro({ argument: { metro: parseOptions(rest, { metro: "list" }).metro.at(-1) } });
  return (await readLog(createMetroClient(config), name, config.metro)).replace(/\r?\n$/, "");
}

async function readLog(client: Client, name: string, metro: string): Promise<string> {
  const attempted = `Reading the log of instance '${name}' in metro '${metro}'`;
  const chunks: Buffer[] = [];
  for (let offset = 0; ;) {
    const query = { name: [name], offset: [offset], limit: [MAX_LOG_BYTES] };
    const { output = "", range, available } = onlyItem(await client.getInstanceLogs({ query }), attempted);
    chunks.push(Buffer.from(output, "base64"));
    const end = range?.end ?? 0;
    if (end <= offset || end >= (available?.end ?? 0)) return Buffer.concat(chunks).toString("utf8");
    offset = end;
  }
}
