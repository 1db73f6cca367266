/**
 * Who created a service. A service group has no tags, so its replicas' marks tell; without replicas, a group that equals the request.
 */
import type { ServiceItem } from "../../contract/models";
import type { NameHolder } from "../../definition/resource";
import { getExistingInstances } from "../../rollout/members/instances";
import { withoutUnknowns } from "../../definition/unknowns";
import { findMark, isOwn } from "../common/ownershipMark";
import type { ProviderContext } from "../context";
import type { ServiceInputs } from "./inputs";
import { planServiceGroup } from "./plan";
import { isManaged, observedInputs } from "./wire";

/** True if the group equals the request, apart from its instances and from unknown values. */
export function isSameGroup(item: ServiceItem, inputs: ServiceInputs): boolean {
  const known = withoutUnknowns(inputs);
  const observed = observedInputs({ item, autoscale: undefined, instances: [] }, known, undefined);
  const unknownNames = (Object.keys(inputs) as (keyof ServiceInputs)[]).filter((name) => !(name in known));
  // An unknown value is assumed to equal the current one.
  const assumed = Object.fromEntries(unknownNames.map((name) => [name, observed[name]]));
  return planServiceGroup(observed, { ...inputs, ...assumed }).length === 0;
}

/** Who created the service; "unmarked" if nothing tells. */
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
  if (marks.some((mark) => mark !== undefined && !isOwn(mark, ownership))) return "managed";
  if (ownership === undefined) return "unmarked";
  // A service with members that carry no mark of its own is in use: others joined it, or autoscale created them.
  const isInUse = marks.length < members.length || marks.some((mark) => mark === undefined);
  const isSame = isSameGroup(item, inputs);
  if (!isInUse && marks.every((mark) => mark?.unfinished === true) && (isSame || marks.length > 0)) return "unfinished";
  const isMarked = marks.length > 0 && marks.every((mark) => isOwn(mark, ownership));
  // Anyone may give a service this name and these ports; a derived name is the resource's alone.
  return isMarked || (isSame && ownership.hasDerivedName) ? "finished" : "unmarked";
}
