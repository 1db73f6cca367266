/** What killed replacements left in the metro. */
import { migrate } from "../../definition/migrate";
import type { Properties } from "../../definition/resource";
import type { AnyResource } from "../../resources/all";
import type { ProviderContext } from "../../resources/context";
import { derivedFrom, nameChecker, nameLookup, toNamedResource } from "./planChecks";
import { observedFromState } from "./state";

/** Deletes what a killed replacement of a deleted resource left: nothing else would look for it any more. */
export async function deleteLeftovers(
  context: ProviderContext,
  resource: AnyResource,
  props: Properties,
): Promise<void> {
  const source = derivedFrom(resource, props);
  const observed = observedFromState(resource, migrate(resource, props));
  for (const id of await nameChecker.findLeftovers(resource.kind, source, nameLookup(resource, props, observed.inputs)))
    await resource.delete(context, id, observed);
}

/** Deletes what a killed replacement left in the way of the create that repeats it. */
export async function deleteUnrecorded(
  context: ProviderContext,
  resource: AnyResource,
  news: Properties,
): Promise<void> {
  const observed = observedFromState(resource, news);
  const { inputs } = observed;
  const named = toNamedResource(resource, news, { isNew: false, inputs });
  for (const id of await nameChecker.findUnrecorded(named, nameLookup(resource, news, inputs)))
    await resource.delete(context, id, observed);
}
