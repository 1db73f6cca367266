/** What reaches the state when a service fails half-way. */
import type { ServiceItem } from "../../contract/models";
import type { Properties } from "../../definition/resource";
import { PartialFailure, noInputs, outputsIn } from "../../definition/initFailed";
import type { ProviderContext } from "../context";
import { type ServiceInputs, serviceInputs } from "./inputs";
import { factsOf, fresh } from "./operations";
import { serviceOutputs, toOutputs } from "./outputs";
import { servingNow } from "./apply";
import { inputsAsIs } from "./wire";

/** What was known of a service before something was done to it. */
export interface Known {
  readonly inputs: ServiceInputs;
  readonly outputs: Properties;
}

/**
 * The failure of something half done: what really is there reaches the state, so that the next update goes on from it. Where it
 * cannot be told, what was known before does.
 */
export async function halfDone(
  context: ProviderContext,
  item: ServiceItem,
  asked: ServiceInputs,
  known: Known,
  error: unknown,
) {
  const serving = await servingNow(context, item);
  const none = noInputs(serviceInputs);
  try {
    const now = await fresh(context, item.uuid, `Reading service '${item.name}'`);
    const asIs = inputsAsIs(await factsOf(context, now, asked), asked);
    const outputs = toOutputs(now, asIs.ports, serving ?? []);
    return new PartialFailure(item.uuid, { ...none, ...asIs, ...outputs }, error);
  } catch {
    const outputs =
      serving === undefined ? outputsIn(serviceOutputs, known.outputs) : toOutputs(item, known.inputs.ports, serving);
    return new PartialFailure(item.uuid, { ...none, ...outputs, ...known.inputs }, error);
  }
}
