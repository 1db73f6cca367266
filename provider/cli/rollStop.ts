/** `unikernel roll stop` */
import { resolveMetro } from "../base/config/metroConfig";
import { parseOptions } from "../base/commandLineOptions";
import { systemClock } from "../base/clock";
import { UnikernelError } from "../base/errors";
import { onlyItem } from "../client/client";
import { createMetroClient } from "../client/metroClient";
import { deleteLock, findLock } from "../rollout/lock/object";
import { describeHolder, holderOf, runsHere } from "../rollout/lock/holder";

/**
 * Ends the rollout of a service after its current step, by removing its lock. Throws `INPUT_INVALID` without a name, `NOT_FOUND`
 * without such a service.
 */
export async function rollStop([name, ...rest]: readonly string[]): Promise<string> {
  if (name === undefined || name.startsWith("--")) {
    throw new UnikernelError("INPUT_INVALID", "'unikernel roll stop' takes the name of a service.", {
      hint: "Write 'npx unikernel roll stop <service>'.",
    });
  }
  const config = resolveMetro({ argument: { metro: parseOptions(rest, { metro: "list" }).metro.at(-1) } });
  const context = { client: createMetroClient(config), clock: systemClock };
  const what = `service '${name}' in metro '${config.metro}'`;
  const service = onlyItem(await context.client.getServices({ query: { name: [name] } }), `Reading ${what}`);
  const lock = await findLock(context, service);
  if (lock === undefined) return `No rollout of ${what} is running.`;
  const [holder, described] = [holderOf(lock), await describeHolder(lock, service)];
  await deleteLock(context, service, lock.uuid);
  return [
    `Removed the lock of ${what}, held by ${described}.`,
    holder !== undefined && (await runsHere(holder, service))
      ? "That rollout ends with an error after its current step; its replicas stay as they are then."
      : "If that rollout still runs elsewhere, it ends with an error after its current step; its replicas stay as they are.",
    "The next 'pulumi up' finishes the rollout, or undoes it if the program was reverted.",
  ].join("\n");
}
