/** How a Service takes over an existing one of its name. */
import { diff } from "../../definition/diff";
import { withoutUnknowns } from "../../definition/unknowns";
import { assertAdoptable } from "../common/adopt";
import { findService } from "../common/find";
import type { ProviderContext } from "../context";
import { type ServiceInputs, serviceInputs } from "./inputs";
import { observeService } from "./operations";
import { toOutputs } from "./outputs";
import { updateService } from "./updateService";
import { observedInputs } from "./wire";

/** The existing service of this name, and what must change; undefined if there is none to adopt. */
export async function findAdoptable(context: ProviderContext, inputs: ServiceInputs) {
  const { name = "" } = inputs;
  const item = await findService(context, name);
  if (item === undefined) return undefined;
  const observed = await observeService(context, item, inputs);
  const found = observedInputs(observed, withoutUnknowns(inputs), undefined);
  const changes = diff({ inputs: serviceInputs }, found, inputs);
  return {
    id: item.uuid,
    inputs: found,
    outputs: toOutputs(item, found.ports, observed.instances, { hashKey: undefined, template: undefined }),
    changes,
  };
}

/** Updates the existing service of this name to match the inputs; undefined if there is none. */
export async function adoptExisting(context: ProviderContext, inputs: ServiceInputs) {
  const found = await findAdoptable(context, inputs);
  if (found === undefined) return undefined;
  assertAdoptable(`Service '${inputs.name ?? ""}'`, found, inputs);
  return { id: found.id, outputs: await updateService(context, found.id, found, inputs) };
}
