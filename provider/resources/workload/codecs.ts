/** Codecs of workload inputs whose form on the wire differs. Pure. */
import type { InstanceItem } from "../../contract/models";
import { omitUndefined } from "../../base/objects";
import { toReference } from "../common/fields";
import { enumMember, omitDefault, omitEmpty } from "../common/omit";
import { encodePullCredentials } from "../common/registryCredentials";
import type { Workload } from "./inputs";
import { isSameImage } from "./imageReference";
import { matchesReference } from "../common/reference";
import { NOT_REPORTED, reported } from "../common/wire";

type PartialWorkload = Partial<Workload>;

/** Defaults of the server. Source: the platform's documentation. */
export const SERVER_DEFAULTS = {
  memoryMb: 128,
  vcpus: 1,
  stateful: false,
  cooldownTimeMs: 1000,
  notifyTimeMs: 0,
} as const;

/** Encodes `image`: the reference alone, or an object if `imagePull` is set. */
export function encodeImage({ image, imagePull }: PartialWorkload): unknown {
  if (image === undefined || imagePull === undefined) return image;
  const { policy, credentials, headers } = imagePull;
  const login = credentials === undefined ? undefined : encodePullCredentials(credentials);
  return omitUndefined({ url: image, credentials: login, headers, pull_policy: policy });
}

/** Decodes `image`. */
export function decodeImage(
  { image }: InstanceItem,
  requested: PartialWorkload,
): string | undefined | typeof NOT_REPORTED {
  if (image === undefined || image === "") return NOT_REPORTED;
  return requested.image !== undefined && isSameImage(requested.image, image) ? requested.image : image;
}

/** Encodes `template` and `prepareTemplate`. */
export function encodeTemplate({ template, prepareTemplate: prepare }: PartialWorkload): unknown {
  if (template === undefined || prepare === undefined) return template && toReference(template);
  const { image, args, env, memoryMb, vcpus, timeoutMs, autokillTimeMs } = prepare;
  return omitUndefined({
    ...toReference(template),
    prepare: true,
    create_args: omitUndefined({
      image,
      args,
      env: omitEmpty(env),
      memory_mb: omitDefault(SERVER_DEFAULTS.memoryMb, memoryMb),
      vcpus: omitDefault(SERVER_DEFAULTS.vcpus, vcpus),
    }),
    prepare_timeout_s: omitDefault(0, Math.ceil(timeoutMs / 1000)),
    autokill: omitEmpty(omitUndefined({ time_ms: omitDefault(0, autokillTimeMs) })),
  });
}

/** Encodes `volumes`. */
export const encodeVolumes = ({ volumes = [] }: PartialWorkload): unknown =>
  omitEmpty(
    volumes.map(({ volume, at, readonly }) =>
      omitUndefined({ ...toReference(volume), at, readonly: readonly || undefined }),
    ),
  );

/** Decodes `volumes`. */
export function decodeVolumes(
  item: InstanceItem,
  requested: PartialWorkload,
): Workload["volumes"] | typeof NOT_REPORTED {
  const mounted = reported(item, item.volumes, []);
  if (mounted === NOT_REPORTED) return NOT_REPORTED;
  const own = new Set((requested.ephemeralVolumes ?? []).map(({ at }) => at));
  return mounted
    .filter(({ at }) => !own.has(at))
    .map((one) => {
      const mine = requested.volumes?.find(({ at, volume }) => at === one.at && matchesReference(volume, one));
      return { volume: mine?.volume ?? one.uuid, at: one.at, readonly: one.readonly ?? mine?.readonly ?? false };
    });
}

/** Encodes `ephemeralVolumes`. */
export const encodeEphemeralVolumes = ({ ephemeralVolumes = [] }: PartialWorkload): unknown =>
  omitEmpty(
    ephemeralVolumes.map((volume) =>
      omitUndefined({
        at: volume.at,
        readonly: volume.readonly || undefined,
        size_mb: volume.sizeMb,
        quota_policy: omitDefault("static", volume.quotaPolicy),
        filesystem: omitDefault("ext4", volume.filesystem),
        access_mode: omitDefault("rwo", volume.accessMode),
        tags: omitEmpty(volume.tags),
        args: volume.filesystemArgs,
        host_path: volume.hostPath,
        uid: volume.uid,
        gid: volume.gid,
      }),
    ),
  );

/** Decodes `ephemeralVolumes`. The response reports only their mount path and mode; the rest is taken from the requested inputs. */
export function decodeEphemeralVolumes(
  item: InstanceItem,
  requested: PartialWorkload,
): Workload["ephemeralVolumes"] | typeof NOT_REPORTED {
  const mounted = reported(item, item.volumes, []);
  if (mounted === NOT_REPORTED) return NOT_REPORTED;
  return (requested.ephemeralVolumes ?? []).flatMap((mine) => {
    const mount = mounted.find(({ at }) => at === mine.at);
    return mount === undefined ? [] : [{ ...mine, readonly: mount.readonly ?? mine.readonly }];
  });
}

/** Encodes `scaleToZero`. */
export function encodeScaleToZero({ scaleToZero }: PartialWorkload): unknown {
  if (scaleToZero === undefined || scaleToZero.policy === "off") return undefined;
  return omitUndefined({
    policy: scaleToZero.policy,
    stateful: omitDefault<boolean>(SERVER_DEFAULTS.stateful, scaleToZero.stateful),
    cooldown_time_ms: omitDefault(SERVER_DEFAULTS.cooldownTimeMs, scaleToZero.cooldownTimeMs),
    notify_time_ms: omitDefault(SERVER_DEFAULTS.notifyTimeMs, scaleToZero.notifyTimeMs),
  });
}

/** Decodes `scaleToZero`. */
export function decodeScaleToZero(
  item: InstanceItem,
  { scaleToZero: requested }: PartialWorkload,
): Workload["scaleToZero"] | typeof NOT_REPORTED {
  const reportedValue = reported(item, item.scale_to_zero, undefined);
  if (reportedValue === NOT_REPORTED || reportedValue === undefined) return reportedValue;
  const policy = reportedValue.policy ?? (reportedValue.enabled === true ? "on" : "off");
  if (policy === "off") return undefined;
  return {
    policy,
    stateful: reportedValue.stateful ?? requested?.stateful ?? SERVER_DEFAULTS.stateful,
    cooldownTimeMs: reportedValue.cooldown_time_ms ?? requested?.cooldownTimeMs ?? SERVER_DEFAULTS.cooldownTimeMs,
    notifyTimeMs: reportedValue.notify_time_ms ?? requested?.notifyTimeMs ?? SERVER_DEFAULTS.notifyTimeMs,
  };
}

/** Decodes `dependencies`. The program and the response may each refer to an instance by UUID or by name. */
export function decodeDependencies(
  item: InstanceItem,
  { dependencies: requested = [] }: PartialWorkload,
): string[] | typeof NOT_REPORTED {
  if (item.dependencies === undefined) return NOT_REPORTED;
  return (item.dependencies ?? []).map(
    (one) => requested.find((mine) => matchesReference(mine, one)) ?? one.uuid ?? one.name ?? "",
  );
}

/** Decodes `schedules`. Entries with an action that only a newer server knows are left out. */
export function decodeSchedules(item: InstanceItem): Workload["schedules"] | typeof NOT_REPORTED {
  const reportedValue = reported(item, item.schedules, []);
  if (reportedValue === NOT_REPORTED) return NOT_REPORTED;
  return reportedValue.flatMap(({ name, when, action, args }) => {
    const known = enumMember(["start", "stop", "delete", "exec", "checkpoint"], action);
    if (known === undefined) return [];
    return [omitUndefined({ name, when, action: known, args: omitEmpty(args ?? undefined) })];
  });
}

/** Decodes `autokill`. */
export function decodeAutokill(item: InstanceItem): Workload["autokill"] | typeof NOT_REPORTED {
  const reportedValue = reported(item, item.autokill, undefined);
  return reportedValue === NOT_REPORTED || reportedValue === undefined
    ? reportedValue
    : { timeMs: reportedValue.time_ms ?? 0, numRequests: reportedValue.num_requests ?? 0 };
}

/** Encodes `autokill`. */
export const encodeAutokill = ({ autokill }: PartialWorkload): unknown =>
  omitEmpty(
    omitUndefined({ time_ms: omitDefault(0, autokill?.timeMs), num_requests: omitDefault(0, autokill?.numRequests) }),
  );
