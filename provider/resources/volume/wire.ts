/** A Volume between its inputs and the API: the request that creates it, and its inputs as the API reports them. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { CreateVolumeRequest, VolumeItem } from "../../contract/models";
import { omitUndefined } from "../../base/objects";
import { enumMember, omitDefault, omitEmpty } from "../common/omit";
import { toReference } from "../common/fields";
import { withoutMarks } from "../common/ownershipMark";
import type { VolumeInputs } from "./inputs";

/** The smallest request that expresses a new volume, with the ownership mark as one more tag: what equals the server's default is left out. */
export function toCreateRequest(inputs: VolumeInputs, marks: readonly string[] = []): CreateVolumeRequest {
  const { name, sizeMb, template, hostPath, filesystem, accessMode, quotaPolicy, tags, uid, gid, args } = inputs;
  const isFromTemplate = template !== undefined;
  // A template has settings of its own, so the server's defaults have to be given.
  const omitServerDefault = <T>(defaultValue: NoInfer<T>, value: T | undefined) =>
    isFromTemplate ? value : omitDefault(defaultValue, value);
  return omitUndefined({
    name,
    // One that is made from a template has its size first, and grows then.
    size_mb: isFromTemplate ? undefined : sizeMb,
    template: template === undefined ? undefined : toReference(template),
    host_path: hostPath,
    filesystem: omitServerDefault("ext4", filesystem),
    access_mode: omitServerDefault("rwo", accessMode),
    quota_policy: omitServerDefault("static", quotaPolicy),
    tags: omitEmpty([...tags, ...marks]),
    uid,
    gid,
    args,
  });
}

/** What can be set, as it is. */
export type VolumeSettings = Omit<VolumeInputs, "name" | "template" | "cloneFrom" | "allowDataLoss" | "adopt">;

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
    tags: withoutMarks(item.tags ?? []),
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
