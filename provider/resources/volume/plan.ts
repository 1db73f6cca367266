/** A Volume between its inputs and the API: the request that makes it, what is reported of it, and what an update does. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { CreateVolumeRequest, VolumeItem, VolumeProp } from "../../contract/models";
import { omitUndefined } from "../../base/objects";
import { type PlannedPatch, describeSteps } from "../common/patchOperation";
import { toReference } from "../common/fields";
import { type VolumeInputs, forbiddenChanges } from "./inputs";

/** The smallest request that expresses a new volume: what equals the server's default is left out. */
export function toCreateRequest(inputs: VolumeInputs): CreateVolumeRequest {
  const { name, sizeMb, template, hostPath, filesystem, accessMode, quotaPolicy, tags, uid, gid, args } = inputs;
  const isFromTemplate = template !== undefined;
  const omitDefault = <T>(value: T | undefined, byDefault: T) =>
    value === byDefault && !isFromTemplate ? undefined : value;
  return omitUndefined({
    name,
    // One that is made from a template has its size first, and grows then.
    size_mb: isFromTemplate ? undefined : sizeMb,
    template: template === undefined ? undefined : toReference(template),
    host_path: hostPath,
    filesystem: omitDefault(filesystem, "ext4"),
    access_mode: omitDefault(accessMode, "rwo"),
    quota_policy: omitDefault(quotaPolicy, "static"),
    tags: tags.length === 0 ? undefined : tags,
    uid,
    gid,
    args,
  });
}

/** What can be set, as it is. */
export type VolumeSettings = Omit<VolumeInputs, "name" | "template" | "cloneFrom" | "allowDataLoss" | "adopt">;

const enumMember = <T extends string>(words: readonly T[], word: string | undefined): T | undefined =>
  words.find((known) => known === word);

/** True for a `get` or an import: nothing was asked for, everything is told. */
const isImport = (requested: Partial<VolumeInputs>): boolean => requested.name === undefined;

/** A value that only programs set; the one that every volume has tells nothing to those that did not. */
const reportedIfRequested = <T>(
  requested: Partial<VolumeInputs>,
  mine: T | undefined,
  reported: T | null | undefined,
  plain?: T,
) => {
  if (!isImport(requested) && mine === undefined) return undefined;
  return isImport(requested) && isDeepStrictEqual(reported, plain) ? undefined : (reported ?? mine);
};

/** What is reported. Servers leave out a field that has its default; `asked` stands in for what older nodes do not report at all. */
export const observedSettings = (item: VolumeItem, requested: Partial<VolumeInputs>): VolumeSettings =>
  omitUndefined({
    sizeMb: item.size_mb ?? requested.sizeMb,
    filesystem: item.filesystem ?? requested.filesystem ?? "ext4",
    accessMode: enumMember(["rwo", "rox", "rwx"], item.access_mode) ?? requested.accessMode ?? "rwo",
    quotaPolicy: enumMember(["static", "dynamic"], item.quota_policy) ?? requested.quotaPolicy ?? "static",
    hostPath: reportedIfRequested(requested, requested.hostPath, item.host_path),
    uid: reportedIfRequested(requested, requested.uid, item.uid, 0),
    gid: reportedIfRequested(requested, requested.gid, item.gid, 0),
    args: reportedIfRequested(requested, requested.args, item.args, {}),
    tags: item.tags ?? [],
    deleteLock: item.delete_lock ?? false,
  });

/** Said by a program or left to the server, which reports them either way. */
const SERVER_CHOSEN = ["sizeMb", "filesystem", "accessMode", "quotaPolicy"] as const;

/** The inputs that would make what is reported; what the program left to the server stays left out. */
export const observedInputs = (item: VolumeItem, requested: Partial<VolumeInputs>): VolumeInputs =>
  omitUndefined({
    ...observedSettings(item, requested),
    ...Object.fromEntries(
      SERVER_CHOSEN.filter((name) => !isImport(requested) && requested[name] === undefined).map((name) => [
        name,
        undefined,
      ]),
    ),
    name: item.name,
    template: requested.template,
    cloneFrom: requested.cloneFrom,
    allowDataLoss: requested.allowDataLoss ?? false,
    adopt: requested.adopt ?? false,
  });

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
    reason: `has ${had} MiB, as '${origin}' that it was made from, and cannot shrink to ${wanted} MiB.`,
    hint: `Ask for ${had} or more, or leave sizeMb out to have what '${origin}' has.`,
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
  const set = (prop: VolumeProp, value: unknown, what: string) => changes.push({ what, prop, op: "set", value });
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
    set("delete_lock", news.deleteLock, news.deleteLock ? "lock it against deletion" : "let it be deleted");
  }
  return changes;
}
