/** The console of a replica that failed: printed, or kept in a file, so that every `onFailure` leaves a way to read it. */
import { errorMessage } from "../../base/errors";
import { localPaths } from "../../base/localPaths";
import { readInstanceLog } from "../../client/instanceLog";
import { logCommand } from "../../client/waitForInstance";
import type { InstanceItem } from "../../contract/models";
import { type ProviderContext, forCleanup } from "../context";
import { writeConsoleFile } from "../workload/consoleFile";
import { printConsole } from "../workload/printConsole";
import type { ServiceInputs } from "./inputs";

/** Said of a console that must not be printed. */
const WITHHELD =
  "Its console log is not printed, because an image of it may hold files that a program gave, which may be secret";

/** Reports the console of a replica, which may be removed next. Returns where to read it, as sentences. */
export async function reportConsole(
  context: ProviderContext,
  instance: InstanceItem,
  {
    template = {},
    rollout,
  }: { readonly template?: ServiceInputs["template"] | object } & Pick<ServiceInputs, "rollout">,
): Promise<string> {
  const result = await printConsole(context, instance, [template]);
  if (result === "printed") return "Its last console lines are in the output of this operation.";
  const command = logCommand(instance.name, context.metro);
  const whileThere = rollout.onFailure === "pause" ? ` While the replica exists, '${command}' shows it.` : "";
  if (result === "empty") return `Its console log is empty, or could not be read.${whileThere}`;
  try {
    const attempted = `Reading the log of instance '${instance.name}'`;
    const log = await readInstanceLog(forCleanup(context).client, { uuid: instance.uuid }, attempted);
    if (log.trim() === "") return "Its console log is empty.";
    const file = await writeConsoleFile(localPaths().consolesDir, instance.name, log);
    return `${WITHHELD}; it is in the file '${file}', which only you can read.${whileThere}`;
  } catch (error) {
    return `${WITHHELD}, and it could not be written to a file: ${errorMessage(error)}${whileThere}`;
  }
}
