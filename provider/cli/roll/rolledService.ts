/** The service that `unikernel roll` is about. */
import { resolveMetro } from "../../base/config/metroConfig";
import { type Clock, systemClock } from "../../base/clock";
import { UnikernelError } from "../../base/errors";
import { type Client, onlyItem } from "../../client/client";
import { createMetroClient } from "../../client/metroClient";
import type { ServiceItem } from "../../contract/models";
import { isRolloutLock } from "../../contract/rolloutLock";
import { readNamed } from "../findName";

/** A service of a metro. */
export interface RolledService {
  readonly context: { readonly client: Client; readonly clock: Clock };
  readonly service: ServiceItem;
  /** Such as `service 'web' in metro 'local'`. */
  readonly description: string;
}

/** The name in the arguments of `unikernel roll <verb>`, and the options after it. Throws `INPUT_INVALID` without a name. Pure. */
export function nameIn(
  verb: string,
  [name, ...options]: readonly string[],
): { readonly name: string; readonly options: readonly string[] } {
  if (name === undefined || name.startsWith("--"))
    throw new UnikernelError(
      "INPUT_INVALID",
      `'unikernel roll ${verb}' takes the name of a service, or of its resource.`,
      { hint: `Write 'npx unikernel roll ${verb} <service>'.` },
    );
  return { name, options };
}

/**
 * Reads the service of this name, or of the resource of this name. Throws `NOT_FOUND` if there is none, or the client's errors.
 *
 * @param metro from the option `--metro`; `undefined` for the default
 */
export async function readRolledService(name: string, metro: string | undefined): Promise<RolledService> {
  const config = resolveMetro({ argument: { metro } });
  const context = { client: createMetroClient(config), clock: systemClock };
  const describe = (found: string): string => `service '${found}' in metro '${config.metro}'`;
  const read = async (found: string): Promise<ServiceItem> =>
    onlyItem(await context.client.getServices({ query: { name: [found] } }), `Reading ${describe(found)}`);
  const list = async (): Promise<readonly ServiceItem[]> =>
    (await context.client.getServices({})).items.filter((one) => !isRolloutLock(one));
  const service = await readNamed(name, read, list);
  return { context, service, description: describe(service.name) };
}
