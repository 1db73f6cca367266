/** What reaches the state when a service fails half-way. */
import type { ServiceItem } from "../../contract/models";
import type { Properties } from "../../definition/resource";
import { ResourceInitFailedError, clearedInputs, pickOutputs } from "../../definition/initFailed";
import { type ProviderContext, forCleanup } from "../context";
import { type ServiceInputs, serviceInputs } from "./inputs";
import { observeService, refetchService } from "./operations";
import { serviceOutputs, toOutputs } from "./outputs";
import { findServingReplicas } from "./apply";
import { observedInputs } from "./wire";

/** What was known of a service before something was done to it. */
export interface LastKnownState {
  readonly inputs: ServiceInputs;
  readonly outputs: Properties;
}

/**
 * The failure of something half done: what really is there reaches the state, so that the next update goes on from it. Where it
 * cannot be told, what was known before does.
 */
export async function initFailure(
  failed: ProviderContext,
  item: ServiceItem,
  requested: ServiceInputs,
  known: LastKnownState,
  error: unknown,
) {
  const context = forCleanup(failed);
  const serving = await findServingReplicas(context, item);
  const none = clearedInputs(serviceInputs);
  try {
    const now = await refetchService(context, item.uuid, `Reading service '${item.name}'`);
    const observed = observedInputs(await observeService(context, now, requested), requested);
    const outputs = toOutputs(now, observed.ports, serving ?? []);
    return new ResourceInitFailedError(item.uuid, { ...none, ...observed, ...outputs }, error);
  } catch {
    const outputs =
      serving === undefined ? pickOutputs(serviceOutputs, known.outputs) : toOutputs(item, known.inputs.ports, serving);
    return new ResourceInitFailedError(item.uuid, { ...none, ...outputs, ...known.inputs }, error);
  }
}
