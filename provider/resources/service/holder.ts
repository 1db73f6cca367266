/**
 * Whose a service is. A service group has no tags: its replicas tell by theirs, and one that has none by being what is asked for.
 */
import type { ServiceItem } from "../../contract/models";
import type { NameHolder } from "../../definition/resource";
import { getExistingInstances } from "../../rollout/instances";
import { withoutUnknowns } from "../../definition/unknowns";
import { findMark, isOwn } from "../common/ownershipMark";
import type { ProviderContext } from "../context";
import type { ServiceInputs } from "./inputs";
import { planServiceGroup } from "./plan";
import { isManaged, observedInputs } from "./wire";

/** Is the group itself what is asked for, as far as that is known and whatever is in it? */
export function isSameGroup(item: ServiceItem, inputs: ServiceInputs): boolean {
  const known = withoutUnknowns(inputs);
  const observed = observedInputs({ item, autoscale: undefined, instances: [] }, known);
  const unknownNames = (Object.keys(inputs) as (keyof ServiceInputs)[]).filter((name) => !(name in known));
  // What is not known yet is assumed to be as it is.
  const assumed = Object.fromEntries(unknownNames.map((name) => [name, observed[name]]));
  return planServiceGroup(observed, { ...inputs, ...assumed }).length === 0;
}

/** Whose the service is; "unmarked" where nothing tells. */
export async function serviceHolder(
  context: ProviderContext,
  item: ServiceItem,
  inputs: ServiceInputs,
): Promise<NameHolder> {
  const members = await getExistingInstances(
    context,
    (item.instances ?? []).map(({ uuid }) => uuid),
  );
  const { ownership } = context;
  const marks = members.filter(isManaged).map(({ tags }) => findMark(tags));
  if (marks.some((mark) => mark !== undefined && !isOwn(mark, ownership))) return "foreign";
  if (ownership === undefined) return "unmarked";
  // Others join a service that is in use; those of an autoscaled one are made by the platform.
  const isJoined = members.length > marks.length && inputs.autoscale === undefined;
  const isUnfinished = marks.every((mark) => mark?.unfinished === true);
  const isSame = isSameGroup(item, inputs);
  if (!isJoined && isUnfinished && (isSame || marks.length > 0)) return "unfinished";
  return isSame || (marks.length > 0 && marks.every((mark) => isOwn(mark, ownership))) ? "finished" : "unmarked";
}
