/** Inputs of a guest that look different on the wire, there and back. Pure. */
import type { InstanceItem } from "../../contract/models";
import { defined } from "../../base/objects";
import { reference } from "../common/fields";
import type { Guest } from "./inputs";
import { sameImage } from "./imageReference";
import { isMeant } from "../common/reference";
import { UNSAID, shown } from "../common/wire";

type Asked = Partial<Guest>;

/** A server's defaults. */
export const DEFAULTS = { memoryMb: 128, vcpus: 1, stateful: false, cooldownTimeMs: 1000, notifyTimeMs: 0 } as const;

/** The value, where it is not the default. */
export const unless = <T>(fallback: NoInfer<T>, value: T | undefined): T | undefined =>
  value === fallback ? undefined : value;

/** A list or map, where anything is in it. */
export const someOf = <T extends object>(value: T | undefined): T | undefined =>
  value === undefined || Object.keys(value).length === 0 ? undefined : value;

/** One of the words that an input may have; another one, of a newer server, says nothing. */
export const word = <T extends string>(words: readonly T[], said: string | undefined): T | typeof UNSAID =>
  words.find((one) => one === said) ?? UNSAID;

/** `image` to the wire: its reference, unless more is to be said of it. */
export function encodeImage({ image, imagePull }: Asked): unknown {
  if (image === undefined || imagePull === undefined) return image;
  const { policy, credentials, headers } = imagePull;
  return defined({ url: image, credentials, headers, pull_policy: policy });
}

/** `image` from the wire. */
export function decodeImage({ image }: InstanceItem, asked: Asked): string | undefined | typeof UNSAID {
  if (image === undefined || image === "") return UNSAID;
  return asked.image !== undefined && sameImage(asked.image, image) ? asked.image : image;
}

/** `template` to the wire, with how it is prepared. */
export function encodeTemplate({ template, prepareTemplate: prepare }: Asked): unknown {
  if (template === undefined || prepare === undefined) return template && reference(template);
  const { image, args, env, memoryMb, vcpus, timeoutSeconds, autokillTimeMs } = prepare;
  return defined({
    ...reference(template),
    prepare: true,
    create_args: defined({
      image,
      args,
      env: someOf(env),
      memory_mb: unless(DEFAULTS.memoryMb, memoryMb),
      vcpus: unless(DEFAULTS.vcpus, vcpus),
    }),
    prepare_timeout_s: unless(0, timeoutSeconds),
    autokill: someOf(defined({ time_ms: unless(0, autokillTimeMs) })),
  });
}

/** `volumes` to the wire. */
export const encodeVolumes = ({ volumes = [] }: Asked): unknown =>
  someOf(
    volumes.map(({ volume, at, readonly }) => defined({ ...reference(volume), at, readonly: readonly || undefined })),
  );

/** `volumes` from the wire. */
export function decodeVolumes(item: InstanceItem, asked: Asked): Guest["volumes"] | typeof UNSAID {
  const mounted = shown(item, item.volumes, []);
  if (mounted === UNSAID) return UNSAID;
  const own = new Set((asked.ephemeralVolumes ?? []).map(({ at }) => at));
  return mounted
    .filter(({ at }) => !own.has(at))
    .map((one) => {
      const mine = asked.volumes?.find(({ at, volume }) => at === one.at && isMeant(volume, one));
      return { volume: mine?.volume ?? one.uuid, at: one.at, readonly: one.readonly ?? mine?.readonly ?? false };
    });
}

/** `ephemeralVolumes` to the wire. */
export const encodeEphemeral = ({ ephemeralVolumes = [] }: Asked): unknown =>
  someOf(
    ephemeralVolumes.map((volume) =>
      defined({
        at: volume.at,
        readonly: volume.readonly || undefined,
        size_mb: volume.sizeMb,
        quota_policy: unless("static", volume.quotaPolicy),
        filesystem: unless("ext4", volume.filesystem),
        access_mode: unless("rwo", volume.accessMode),
        tags: someOf(volume.tags),
        args: volume.filesystemArgs,
        host_path: volume.hostPath,
        uid: volume.uid,
        gid: volume.gid,
      }),
    ),
  );

/** `ephemeralVolumes` from the wire: of a volume that was made with the instance the answer tells where it is mounted, and how. */
export function decodeEphemeral(item: InstanceItem, asked: Asked): Guest["ephemeralVolumes"] | typeof UNSAID {
  const mounted = shown(item, item.volumes, []);
  if (mounted === UNSAID) return UNSAID;
  return (asked.ephemeralVolumes ?? []).flatMap((mine) => {
    const there = mounted.find(({ at }) => at === mine.at);
    return there === undefined ? [] : [{ ...mine, readonly: there.readonly ?? mine.readonly }];
  });
}

/** `scaleToZero` to the wire. */
export function encodeScaleToZero({ scaleToZero: sleep }: Asked): unknown {
  if (sleep === undefined || sleep.policy === "off") return undefined;
  return defined({
    policy: sleep.policy,
    stateful: unless<boolean>(DEFAULTS.stateful, sleep.stateful),
    cooldown_time_ms: unless(DEFAULTS.cooldownTimeMs, sleep.cooldownTimeMs),
    notify_time_ms: unless(DEFAULTS.notifyTimeMs, sleep.notifyTimeMs),
  });
}

/** `scaleToZero` from the wire. */
export function decodeScaleToZero(
  item: InstanceItem,
  { scaleToZero: asked }: Asked,
): Guest["scaleToZero"] | typeof UNSAID {
  const said = shown(item, item.scale_to_zero, undefined);
  if (said === UNSAID || said === undefined) return said;
  const policy = said.policy ?? (said.enabled === true ? "on" : "off");
  if (policy === "off") return undefined;
  return {
    policy,
    stateful: said.stateful ?? asked?.stateful ?? DEFAULTS.stateful,
    cooldownTimeMs: said.cooldown_time_ms ?? asked?.cooldownTimeMs ?? DEFAULTS.cooldownTimeMs,
    notifyTimeMs: said.notify_time_ms ?? asked?.notifyTimeMs ?? DEFAULTS.notifyTimeMs,
  };
}

/** `dependencies` from the wire: the answer names each by uuid or by name, the program by whichever it likes. */
export function decodeDependencies(item: InstanceItem, { dependencies: asked = [] }: Asked): string[] | typeof UNSAID {
  if (item.dependencies === undefined) return UNSAID;
  return (item.dependencies ?? []).map((one) => asked.find((mine) => isMeant(mine, one)) ?? one.uuid ?? one.name ?? "");
}

/** `schedules` from the wire. */
export function decodeSchedules(item: InstanceItem): Guest["schedules"] | typeof UNSAID {
  const said = shown(item, item.schedules, []);
  if (said === UNSAID) return UNSAID;
  return said.flatMap(({ name, when, action, args }) => {
    const known = word(["start", "stop", "delete", "exec", "checkpoint"], action);
    if (known === UNSAID) return [];
    return [defined({ name, when, action: known, args: someOf(args ?? undefined) })];
  });
}

/** `autokill` from the wire. */
export function decodeAutokill(item: InstanceItem): Guest["autokill"] | typeof UNSAID {
  const said = shown(item, item.autokill, undefined);
  return said === UNSAID || said === undefined
    ? said
    : { timeMs: said.time_ms ?? 0, numRequests: said.num_requests ?? 0 };
}

/** `autokill` to the wire. */
export const encodeAutokill = ({ autokill }: Asked): unknown =>
  someOf(defined({ time_ms: unless(0, autokill?.timeMs), num_requests: unless(0, autokill?.numRequests) }));
