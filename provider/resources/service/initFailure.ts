/** The state of a service whose create or update failed midway. */
import type { ServiceItem } from "../../contract/models";
import type { Properties } from "../../definition/resource";
import { ResourceInitFailedError, clearedInputs, pickOutputs } from "../../definition/initFailed";
import { type ProviderContext, forCleanup } from "../context";
import { type ServiceInputs, serviceInputs } from "./inputs";
import { observeService, refetchService } from "./operations";
import { serviceOutputs, toOutputs } from "./outputs";
import { findReadyReplicas } from "./apply";
import { unsettledOutput } from "./unsettled";
import { observedInputs } from "./wire";

/** What was known of the service before the operation. */
export interface LastKnownState {
  readonly inputs: ServiceInputs;
  readonly outputs: Properties;
}

/** What the operation knew. */
export interface FailedOperation extends LastKnownState {
  /** The key of the marks of the replicas, which may be new. */
  readonly hashKey: string;
}

/**
 * The error of an incomplete operation. It carries the observed state, from which the next update continues, or the last known
 * state if the service cannot be read.
 */
export async function initFailure(
  failed: ProviderContext,
  item: ServiceItem,
  requested: ServiceInputs,
  { inputs: knownInputs, outputs: knownOutputs, hashKey }: FailedOperation,
  error: unknown,
) {
  const context = forCleanup(failed);
  const ready = await findReadyReplicas(context, item, requested);
  const none = clearedInputs(serviceInputs);
  const facts = { hashKey, template: requested.template };
  try {
    const now = await refetchService(context, item.uuid, `Reading service '${item.name}'`);
    const found = await observeService(context, now, requested);
    const observed = observedInputs(found, requested, hashKey);
    const outputs = { ...toOutputs(now, observed.ports, ready ?? [], facts), ...unsettledOutput(found, requested) };
    return new ResourceInitFailedError(item.uuid, { ...none, ...observed, ...outputs }, error);
  } catch {
    const outputs =
      ready === undefined
        ? { ...pickOutputs(serviceOutputs, knownOutputs), hashKey }
        : toOutputs(item, knownInputs.ports, ready, facts);
    return new ResourceInitFailedError(item.uuid, { ...none, ...outputs, ...knownInputs }, error);
  }
}
