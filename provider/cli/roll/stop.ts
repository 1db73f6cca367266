/** `unikernel roll stop` */
import { parseArguments } from "../../base/commandLineOptions";
import { deleteLock, findLock } from "../../rollout/lock/object";
import { describeHolder, holderOf, runsHere } from "../../rollout/lock/holder";
import { onlyService, readRolledService } from "./rolledService";

/**
 * Ends the rollout of a service before its next step, by removing its lock. Takes the name of the service, or that of its resource.
 * Throws `INPUT_INVALID` without one name, `NOT_FOUND` without such a service.
 */
export async function rollStop(args: readonly string[]): Promise<string> {
  const { operands, options } = parseArguments(args, { metro: "list" });
  const name = onlyService("stop", operands);
  const { context, service, description } = await readRolledService(name, options.metro.at(-1));
  const lock = await findLock(context, service);
  if (lock === undefined) return `No rollout of ${description} is running.`;
  const [holder, described] = [holderOf(lock), await describeHolder(lock, service)];
  await deleteLock(context, service, lock.uuid);
  return [
    `Removed the lock of ${description}, held by ${described}.`,
    holder !== undefined && (await runsHere(holder, service))
      ? "That rollout ends with an error before its next step, and its replicas stay as they are then; if its current step is the last one, it succeeds."
      : "If that rollout still runs elsewhere, it ends with an error before its next step, and its replicas stay as they are; if its current step is the last one, it succeeds.",
    "The next 'pulumi up' finishes what is left, or undoes it if the program was reverted.",
  ].join("\n");
}
