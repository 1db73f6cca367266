/** What reaches the state when a service fails half-way. */
import type { ServiceItem } from "../../api/models";
import type { Properties } from "../../definition/define";
import { PartialFailure } from "../../definition/partial";
import type { ProviderContext } from "../context";
import { type ServiceInputs, serviceInputs } from "./serviceInputs";
import { factsOf, fresh } from "./serviceLife";
import { serviceOutputs, toOutputs } from "./serviceOutputs";
import { servingNow } from "./serviceRoll";
import { inputsAsIs } from "./serviceState";

/** What was known of a service before something was done to it. */
export interface Known {
  readonly inputs: ServiceInputs;
  readonly outputs: Properties;
}

/** The outputs in a state, which holds more than that. */
const outputsIn = (state: Properties): Properties =>
  Object.fromEntries(Object.entries(state).filter(([name]) => name in serviceOutputs.shape));

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
  // What was asked for and is not there must not stay in state.
  const none = Object.fromEntries(Object.keys(serviceInputs.shape).map((name) => [name, undefined]));
  try {
    const now = await fresh(context, item.uuid, `Reading service '${item.name}'`);
    const asIs = inputsAsIs(await factsOf(context, now, asked), asked);
    const outputs = toOutputs(now, asIs.ports, serving ?? []);
    return new PartialFailure(item.uuid, { ...none, ...asIs, ...outputs }, error);
  } catch {
    const outputs = serving === undefined ? outputsIn(known.outputs) : toOutputs(item, known.inputs.ports, serving);
    return new PartialFailure(item.uuid, { ...none, ...outputs, ...known.inputs }, error);
  }
}
