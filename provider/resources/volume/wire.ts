/** Conversion of a Volume's inputs to the create request, and back from what the API reports. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { CreateVolumeRequest, VolumeItem } from "../../contract/models";
import { omitUndefined } from "../../base/objects";
import { enumMember, omitDefault, omitEmpty } from "../common/omit";
import { toReference } from "../common/fields";
import { withoutMarks } from "../common/ownershipMark";
import type { VolumeInputs } from "./inputs";

/** The smallest create request that expresses the inputs, with the ownership mark as one more tag; server defaults are left out. */
export function toCreateRequest(inputs: VolumeInputs, marks: readonly string[] = []): CreateVolumeRequest {
  const { name, sizeMb, template, hostPath, filesystem, accessMode, quotaPolicy, tags, uid, gid, args } = inputs;
  const isFromTemplate = template !== undefined;
  // A template has its own settings, so even server defaults must be sent to override them.
  const omitServerDefault = <T>(defaultValue: NoInfer<T>, value: T | undefined) =>
    isFromTemplate ? value : omitDefault(defaultValue, value);
  return omitUndefined({
    name,
    // A volume from a template starts with the template's size and grows afterwards.
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

/** The inputs that the API reports. */
export type VolumeSettings = Omit<
  VolumeInputs,
  "name" | "template" | "cloneFrom" | "contentFrom" | "allowDataLoss" | "allowRestart" | "adopt"
>;

/** True for a `get` or an import: there are no requested inputs, so everything is reported. */
const isImport = (requested: Partial<VolumeInputs>): boolean => requested.name === undefined;

/** An optional input as reported. If the program did not set it, it stays unset; an import leaves out `plain`, the usual value. */
const reportedIfRequested = <T>(
  requested: Partial<VolumeInputs>,
  mine: T | undefined,
  reported: T | null | undefined,
  plain?: T,
) => {
  if (!isImport(requested) && mine === undefined) return undefined;
  return isImport(requested) && isDeepStrictEqual(reported, plain) ? undefined : (reported ?? mine);
};

/** The settings as reported. Servers leave out defaults; `requested` replaces values that older nodes do not report. */
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

/** Inputs that the server chooses if the program does not set them, and always reports. */
const SERVER_CHOSEN = ["sizeMb", "filesystem", "accessMode", "quotaPolicy"] as const;

/** The current inputs. Those that the program left to the server stay unset. */
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
    contentFrom: requested.contentFrom,
    allowDataLoss: requested.allowDataLoss ?? false,
    allowRestart: requested.allowRestart ?? false,
    adopt: requested.adopt ?? false,
  });
