/** What killed replacements left in the metro. */
import { migrate } from "../../definition/migrate";
import { AUTO_NAME_KEY } from "../../definition/naming";
import type { Properties } from "../../definition/resource";
import type { AnyResource } from "../../resources/all";
import type { ProviderContext } from "../../resources/context";
import { nameChecker, nameLookup, nameSource, toNamedResource } from "./planChecks";
import { observedFromState } from "./state";

/** Deletes what a killed replacement of a deleted resource left: nothing else would look for it any more. */
export async function deleteLeftovers(
  context: ProviderContext,
  resource: AnyResource,
  props: Properties,
): Promise<void> {
  const source = props[AUTO_NAME_KEY] === true ? nameSource(resource, props) : undefined;
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
