/** Plans a Volume's update as ordered steps. The preview describes them and the update executes them. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { VolumeItem, VolumeProp } from "../../contract/models";
import { UnikernelError } from "../../base/errors";
import { PENDING_START_KEY } from "../../definition/initFailed";
import type { Properties } from "../../definition/resource";
import { type PlannedPatch, describeSteps } from "../common/patchOperation";
import type { VolumeInputs } from "./inputs";
import { forbiddenChanges } from "./rules";
import { type VolumeSettings, observedSettings } from "./wire";

/** A change that cannot be made in place, and why. */
export interface UnsupportedChange {
  /** Input that changes. */
  readonly property: string;
  /** Why, as a sentence that begins after the volume's name. */
  readonly reason: string;
  readonly hint?: string;
}

/**
 * The first change that cannot be made in place; undefined if the volume can be updated. A copy is at least as large as its
 * original, whose size only the metro knows, so `allowDataLoss` does not allow a smaller `sizeMb`.
 */
export function findUnsupportedChange(olds: Partial<VolumeInputs>, news: VolumeInputs): UnsupportedChange | undefined {
  const { sizeMb: oldSizeMb } = olds;
  const { sizeMb: newSizeMb, template, cloneFrom } = news;
  const origin = template ?? cloneFrom;
  if (origin === undefined || oldSizeMb === undefined || newSizeMb === undefined || newSizeMb >= oldSizeMb) {
    return forbiddenChanges(olds, news)[0];
  }
  return {
    property: "sizeMb",
    reason: `has ${oldSizeMb} MiB, the size of its original '${origin}', and cannot shrink to ${newSizeMb} MiB.`,
    hint: `Use ${oldSizeMb} or more, or remove sizeMb to keep the size of '${origin}'.`,
  };
}

/** What an update does, in words that follow "will". An update with an unsupported change fails before any step. */
export function describeVolumeUpdate(
  olds: VolumeInputs,
  news: VolumeInputs,
  outputs: Properties = {},
): readonly string[] {
  const unsupported = findUnsupportedChange(olds, news);
  if (unsupported === undefined) {
    const starts = outputs[PENDING_START_KEY] === true ? ["start the instances that an earlier update stopped"] : [];
    return [...describeSteps(planVolumeUpdate(olds, news)), ...starts];
  }
  const { property, reason, hint } = unsupported;
  const sentences = hint === undefined ? reason : `${reason} ${hint}`;
  return [`fail: ${property}: it ${sentences}`.replace(/\.$/, "")];
}

type ChangeableInputs = Partial<Pick<VolumeInputs, "sizeMb" | "quotaPolicy">> &
  Pick<VolumeInputs, "tags" | "deleteLock">;

/** The PATCHes from the old settings to the new ones, in order; empty without changes. */
export function planVolumeUpdate(olds: ChangeableInputs, news: ChangeableInputs): readonly PlannedPatch<VolumeProp>[] {
  const changes: PlannedPatch<VolumeProp>[] = [];
  const set = (prop: VolumeProp, value: unknown, description: string) =>
    changes.push({ description, prop, op: "set", value });
  // Before the size: growing under a dynamic policy may need less quota.
  if (news.quotaPolicy !== undefined && news.quotaPolicy !== olds.quotaPolicy) {
    set("quota_policy", news.quotaPolicy, `set the quota policy to ${news.quotaPolicy}`);
  }
  if (news.sizeMb !== undefined && news.sizeMb !== olds.sizeMb) {
    set("size_mb", news.sizeMb, `grow it from ${olds.sizeMb ?? "an unknown size"} to ${news.sizeMb} MiB`);
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
 * The PATCHes from the volume as the API reports it to the new inputs.
 *
 * Throws `INPUT_INVALID` for a change that cannot be made in place and that `check` could not detect without reading the volume.
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
