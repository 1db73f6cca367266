/** Parts shared by creates, changes and reads of instances. */
import * as z from "zod";
import { mapOf } from "../../base/mapSchema";
import { autokillTime, guestText, image, partName } from "./common";

/** States of an instance. */
export const INSTANCE_STATES = [
  "stopped",
  "starting",
  "running",
  "draining",
  "stopping",
  "standby",
  "template",
  "checkpoint",
  "deleted",
] as const;
/** One of {@link INSTANCE_STATES}. */
export type InstanceState = (typeof INSTANCE_STATES)[number];

/** Idle time before an instance scales to zero. Milliseconds, at most one day. */
export const cooldownTimeMs = z.int().min(0).max(86_400_000);
/** When an instance scales to zero. */
export const scaleToZeroPolicy = z.enum(["on", "off", "idle"]);
/** Scale-to-zero settings of an instance. */
export const scaleToZero = z.strictObject({
  policy: scaleToZeroPolicy,
  stateful: z.boolean().optional(),
  cooldown_time_ms: cooldownTimeMs.optional(),
  notify_time_ms: z.int().min(0).optional(),
});

/** A DNS label (RFC 1123): up to 63 letters, digits and hyphens. */
export const dnsLabel = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i);
/** Limit of environment variables per instance. More than any program needs; every read of the instance returns them. */
export const MAX_ENV_VARIABLES = 1024;
/** Limit of arguments per instance. */
export const MAX_ARGS = 1024;
/** Name of an environment variable. */
export const envName = z
  .string()
  .min(1)
  .regex(/^[^=\0]*$/, "must be the name of a variable, without '=' and NUL");
/** Environment variables by name. A name contains no `=`. */
export const envMap = mapOf(z.string().min(1), guestText).superRefine((env, context) => {
  const names = Object.keys(env);
  if (names.length > MAX_ENV_VARIABLES)
    context.addIssue({ code: "custom", message: `has more than ${MAX_ENV_VARIABLES} variables` });
  const invalid = names.find((one) => !guestText.safeParse(one).success || one.includes("="));
  if (invalid !== undefined)
    context.addIssue({
      code: "custom",
      message: "has a variable whose name contains '=', NUL or an unpaired surrogate",
    });
});
/** Arguments of the guest's program. */
export const args = z.array(guestText.min(1)).max(MAX_ARGS);
/** Memory in MiB, at least 16. */
export const memoryMb = z.int().min(16);
/** Number of virtual CPUs. */
export const vcpus = z.int().min(1);

/** A file whose content is part of the request: at most 1 MB. */
export const inlineFile = z.strictObject({
  path: z.string().min(1),
  data: z.string(),
  encoding: z.enum(["text", "base64"]).optional(),
});
/** One {@link inlineFile}. */
export type InlineFile = z.infer<typeof inlineFile>;

/** A read-only file system of the guest: an image, or up to 16 inline files, mounted at `at`. */
export const rom = z.strictObject({
  name: partName(63),
  image: image.optional(),
  files: z.array(inlineFile).max(16).optional(),
  at: z.string().optional(),
});
/** Up to 8 ROMs. */
export const roms = z.array(rom).max(8);

/** A plugin: its image and its configuration. */
export const plugin = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,63}$/),
  rom: image,
  config: z.unknown().optional(),
});
/** Up to 8 plugins. */
export const plugins = z.array(plugin).max(8);

/** A scheduled action on an instance. `when` is a systemd calendar expression in UTC. */
export const schedule = z.strictObject({
  name: partName(255),
  when: z.string().min(1).max(256),
  action: z.enum(["start", "stop", "delete", "exec", "checkpoint"]),
  /** Only for `exec`. */
  args: args.optional(),
});
/** One {@link schedule}. */
export type Schedule = z.infer<typeof schedule>;
/** Limit of schedules per instance. */
export const MAX_SCHEDULES = 64;
/** Schedules of an instance. */
export const schedules = z.array(schedule).max(MAX_SCHEDULES);

/** Deletes an instance some time after it stops, or after it has served a number of requests; 0 means never. */
export const autokill = autokillTime.extend({ num_requests: z.int().min(0).optional() });
/** CPU scheduling priority of an instance. */
export const schedPriority = z.enum(["normal", "medium", "high", "admin"]);
