/** Deletes what killed replacements left in the metro. */
import { migrate } from "../../definition/migrate";
import type { Properties } from "../../definition/resource";
import type { AnyResource } from "../../resources/all";
import type { ProviderContext } from "../../resources/context";
import { derivedFrom } from "../planChecks";
import { planChecks } from "./session";
import { observedFromState } from "./state";

/** Deletes the unfinished objects of a resource that is deleted. Nothing would find them later. */
export async function deleteLeftovers(
  context: ProviderContext,
  resource: AnyResource,
  props: Properties,
): Promise<void> {
  const source = derivedFrom(resource, props);
  const observed = observedFromState(resource, migrate(resource, props));
  for (const id of await planChecks.names.findLeftovers(
    resource.kind,
    source,
    planChecks.nameLookup(resource, props, observed.inputs),
  ))
    await resource.delete(context, id, observed);
}

/** Deletes the unfinished objects that block the create which repeats a killed replacement. */
export async function deleteUnrecorded(
  context: ProviderContext,
  resource: AnyResource,
  news: Properties,
): Promise<void> {
  const observed = observedFromState(resource, news);
  const { inputs } = observed;
  const named = planChecks.toNamedResource(resource, news, { isNew: false, inputs });
  for (const id of await planChecks.names.findUnrecorded(named, planChecks.nameLookup(resource, news, inputs)))
    await resource.delete(context, id, observed);
}
