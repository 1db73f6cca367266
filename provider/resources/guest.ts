/** From a guest's inputs to the API's request, and back to what runs. Pure. */
import * as crypto from "node:crypto";
import type { CreateInstanceRequest, InstanceItem } from "../api/models";
import { type Blame, type ErrorCode, UnikernelError } from "../base/errors";

/** Inputs that describe a guest, checked. */
export interface Guest {
  readonly image: string;
  readonly args?: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly vcpus: number;
  readonly volumes: readonly { readonly volume: string; readonly at: string; readonly readonly: boolean }[];
  readonly restartPolicy: "never" | "always" | "on-failure";
  readonly scaleToZero?:
    { readonly policy: "on" | "off" | "idle"; readonly stateful: boolean; readonly cooldownTimeMs: number } | undefined;
}

const DEFAULTS = { memoryMb: 128, vcpus: 1, restartPolicy: "never", stateful: false, cooldownTimeMs: 1000 } as const;

/**
 * The smallest request that expresses a guest: a field that equals the server's default is left out, since servers
 * refuse members they do not know yet.
 */
export function toRequest(
  guest: Guest,
  rest: Pick<CreateInstanceRequest, "name" | "tags" | "service_group">,
): CreateInstanceRequest {
  const sleep = guest.scaleToZero;
  return {
    ...rest,
    image: guest.image,
    autostart: true,
    ...(guest.args === undefined ? {} : { args: [...guest.args] }),
    ...(Object.keys(guest.env).length === 0 ? {} : { env: { ...guest.env } }),
    ...(guest.memoryMb === DEFAULTS.memoryMb ? {} : { memory_mb: guest.memoryMb }),
    ...(guest.vcpus === DEFAULTS.vcpus ? {} : { vcpus: guest.vcpus }),
    ...(guest.restartPolicy === DEFAULTS.restartPolicy ? {} : { restart_policy: guest.restartPolicy }),
    ...(guest.volumes.length === 0
      ? {}
      : {
          volumes: guest.volumes.map((v) => ({ uuid: v.volume, at: v.at, ...(v.readonly ? { readonly: true } : {}) })),
        }),
    ...(sleep === undefined || sleep.policy === "off"
      ? {}
      : {
          scale_to_zero: {
            policy: sleep.policy,
            ...(sleep.stateful === DEFAULTS.stateful ? {} : { stateful: sleep.stateful }),
            ...(sleep.cooldownTimeMs === DEFAULTS.cooldownTimeMs ? {} : { cooldown_time_ms: sleep.cooldownTimeMs }),
          },
        }),
  };
}

/** Which input a refused create is about. `prefix`: where the guest's inputs are, such as `template.`. */
export const guestBlames = (prefix: "" | "template."): Readonly<Partial<Record<ErrorCode, Blame>>> => ({
  INPUT_INVALID: { property: `${prefix}memoryMb` },
  IN_USE: {
    property: `${prefix}volumes`,
    hint: "Give it a volume of its own, or mount the volume readonly wherever it is used.",
  },
});

/** Digest at the end of an image reference; `undefined` for a tag. */
export const digestIn = (reference: string): string | undefined => /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];

/** The digest that runs. Throws `IMAGE_MISMATCH` when it is not the one that was asked for. */
export function verifiedDigest(instance: InstanceItem, asked: string): string {
  const runs = digestIn(instance.image ?? "") ?? "";
  const wanted = digestIn(asked);
  if (wanted !== undefined && runs !== wanted) {
    throw new UnikernelError(
      "IMAGE_MISMATCH",
      `Instance '${instance.name}' runs ${runs || "an unnamed image"}, but ${wanted} was asked for.`,
    );
  }
  return runs;
}

/**
 * Twelve hexadecimal digits that differ when anything that the platform is asked for differs. Neither the order of volumes
 * nor a default counts, so that a later release with more fields finds its guests unchanged.
 */
export function fingerprint(guest: Guest): string {
  const volumes = [...guest.volumes].sort((a, b) => (a.at < b.at ? -1 : 1));
  const text = JSON.stringify(toRequest({ ...guest, volumes }, {}), (_key, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return crypto.createHash("sha256").update(text).digest("hex").slice(0, 12);
}
