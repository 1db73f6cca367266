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
  /** As configured, for a command line. */
  readonly metro: string;
}

/** The one name among the operands of `unikernel roll <verb>`. Throws `INPUT_INVALID` for none or several. Pure. */
export function onlyService(verb: string, [name, ...others]: readonly string[]): string {
  if (name !== undefined && others.length === 0) return name;
  throw new UnikernelError(
    "INPUT_INVALID",
    `'unikernel roll ${verb}' takes the name of one service, or of its resource.`,
    { hint: `Write 'npx unikernel roll ${verb} <service>'.` },
  );
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
  return { context, service, description: describe(service.name), metro: config.metro };
}
