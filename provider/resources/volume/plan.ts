/** The steps of a Volume's update, in order: what a preview says and what an update does. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { VolumeItem, VolumeProp } from "../../contract/models";
import { UnikernelError } from "../../base/errors";
import { type PlannedPatch, describeSteps } from "../common/patchOperation";
import type { VolumeInputs } from "./inputs";
import { forbiddenChanges } from "./rules";
import { type VolumeSettings, observedSettings } from "./wire";

/** Why a change cannot be made. */
export interface UnsupportedChange {
  readonly property: string;
  /** Follows the volume's name in a sentence. */
  readonly reason: string;
  readonly hint?: string;
}

/**
 * Why a volume as it is cannot be brought to what is asked for, in place; `undefined` when it can. A copy has the size of its
 * original at least, which only the metro knows; no loss of data that is allowed makes it fit.
 */
export function findUnsupportedChange(olds: Partial<VolumeInputs>, news: VolumeInputs): UnsupportedChange | undefined {
  const { sizeMb: had } = olds;
  const { sizeMb: wanted, template, cloneFrom } = news;
  const origin = template ?? cloneFrom;
  if (origin === undefined || had === undefined || wanted === undefined || wanted >= had) {
    return forbiddenChanges(olds, news)[0];
  }
  return {
    property: "sizeMb",
    reason: `has ${had} MiB, the size of its original '${origin}', and cannot shrink to ${wanted} MiB.`,
    hint: `Use ${had} or more, or remove sizeMb to keep the size of '${origin}'.`,
  };
}

/** What an update does, as words that follow "will". Of what it refuses nothing is done. */
export function describeVolumeUpdate(olds: VolumeInputs, news: VolumeInputs): readonly string[] {
  const unsupported = findUnsupportedChange(olds, news);
  if (unsupported === undefined) return describeSteps(planVolumeUpdate(olds, news));
  const { property, reason, hint } = unsupported;
  const sentences = hint === undefined ? reason : `${reason} ${hint}`;
  return [`fail: ${property}: it ${sentences}`.replace(/\.$/, "")];
}

type ChangeableInputs = Partial<Pick<VolumeInputs, "sizeMb" | "quotaPolicy">> &
  Pick<VolumeInputs, "tags" | "deleteLock">;

/** What brings a volume from what it is to what is asked for, in that order; empty when there is nothing to do. */
export function planVolumeUpdate(olds: ChangeableInputs, news: ChangeableInputs): readonly PlannedPatch<VolumeProp>[] {
  const changes: PlannedPatch<VolumeProp>[] = [];
  const set = (prop: VolumeProp, value: unknown, description: string) =>
    changes.push({ description, prop, op: "set", value });
  // Before it grows: under a dynamic policy that may need less of the quota.
  if (news.quotaPolicy !== undefined && news.quotaPolicy !== olds.quotaPolicy) {
    set("quota_policy", news.quotaPolicy, `set the quota policy to ${news.quotaPolicy}`);
  }
  if (news.sizeMb !== undefined && news.sizeMb !== olds.sizeMb) {
    set("size_mb", news.sizeMb, `grow from ${olds.sizeMb ?? "an unknown size"} to ${news.sizeMb} MiB`);
  }
  if (!isDeepStrictEqual([...news.tags].sort(), [...olds.tags].sort())) {
    set("tags", news.tags, news.tags.length === 0 ? "remove all tags" : `set the tags to ${news.tags.join(", ")}`);
  }
  if (news.deleteLock !== olds.deleteLock) {
    set("delete_lock", news.deleteLock, news.deleteLock ? "lock it against deletion" : "allow its deletion");
  }
  return changes;
}

/**
 * What brings a volume, as it is, to what is asked for.
 *
 * Throws `INPUT_INVALID` for what cannot be done in place, where only the volume itself could tell so.
 */
export function planChanges(
  item: VolumeItem,
  olds: Partial<VolumeInputs>,
  news: VolumeInputs,
): readonly PlannedPatch<VolumeProp>[] {
  const observed: VolumeSettings = observedSettings(item, olds);
  const unsupported = findUnsupportedChange({ ...olds, ...observed, name: item.name }, news);
  if (unsupported === undefined) return planVolumeUpdate(observed, news);
  const { property, reason, hint } = unsupported;
  throw new UnikernelError("INPUT_INVALID", `Volume '${item.name}' ${reason}`, {
    property,
    ...(hint === undefined ? {} : { hint }),
  });
}
