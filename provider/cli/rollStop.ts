/** `unikernel roll stop` */
import { resolveMetro } from "../base/config/metroConfig";
import { parseOptions } from "../base/commandLineOptions";
import { systemClock } from "../base/clock";
import { UnikernelError } from "../base/errors";
import { onlyItem } from "../client/client";
import { createMetroClient } from "../client/metroClient";
import type { ServiceItem } from "../contract/models";
import { isRolloutLock } from "../contract/rolloutLock";
import { deleteLock, findLock } from "../rollout/lock/object";
import { describeHolder, holderOf, runsHere } from "../rollout/lock/holder";
import { readNamed } from "./findName";

/**
 * Ends the rollout of a service before its next step, by removing its lock. Takes the name of the service, or that of its resource.
 * Throws `INPUT_INVALID` without a name, `NOT_FOUND` without such a service.
 */
export async function rollStop([name, ...rest]: readonly string[]): Promise<string> {
  if (name === undefined || name.startsWith("--")) {
    throw new UnikernelError(
      "INPUT_INVALID",
      "'unikernel roll stop' takes the name of a service, or of its resource.",
      {
        hint: "Write 'npx unikernel roll stop <service>'.",
      },
    );
  }
  const config = resolveMetro({ argument: { metro: parseOptions(rest, { metro: "list" }).metro.at(-1) } });
  const context = { client: createMetroClient(config), clock: systemClock };
  const describe = (found: string): string => `service '${found}' in metro '${config.metro}'`;
  const read = async (found: string): Promise<ServiceItem> =>
    onlyItem(await context.client.getServices({ query: { name: [found] } }), `Reading ${describe(found)}`);
  const list = async (): Promise<readonly ServiceItem[]> =>
    (await context.client.getServices({})).items.filter((one) => !isRolloutLock(one));
  const service = await readNamed(name, read, list);
  const what = describe(service.name);
  const lock = await findLock(context, service);
  if (lock === undefined) return `No rollout of ${what} is running.`;
  const [holder, described] = [holderOf(lock), await describeHolder(lock, service)];
  await deleteLock(context, service, lock.uuid);
  return [
    `Removed the lock of ${what}, held by ${described}.`,
    holder !== undefined && (await runsHere(holder, service))
      ? "That rollout ends with an error before its next step, and its replicas stay as they are then; if its current step is the last one, it succeeds."
      : "If that rollout still runs elsewhere, it ends with an error before its next step, and its replicas stay as they are; if its current step is the last one, it succeeds.",
    "The next 'pulumi up' finishes what is left, or undoes it if the program was reverted.",
  ].join("\n");
}
