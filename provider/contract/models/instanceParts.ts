/** Parts that creates, changes and readings of instances share. */
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
export type InstanceState = (typeof INSTANCE_STATES)[number];

export const cooldownTimeMs = z.int().min(0).max(86_400_000);
export const scaleToZeroPolicy = z.enum(["on", "off", "idle"]);
export const scaleToZero = z.strictObject({
  policy: scaleToZeroPolicy,
  stateful: z.boolean().optional(),
  cooldown_time_ms: cooldownTimeMs.optional(),
  notify_time_ms: z.int().min(0).optional(),
});

export const dnsLabel = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i);
/** Most environment variables of one instance: far beyond what a program has, and little enough for every read to return them. */
export const MAX_ENV_VARIABLES = 1024;
/** Most arguments of one instance. */
export const MAX_ARGS = 1024;
/** By name, which no `=` can be in. */
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
export const args = z.array(guestText.min(1)).max(MAX_ARGS);
export const memoryMb = z.int().min(16);
export const vcpus = z.int().min(1);

/** A file that travels in the request: at most 1 MB. */
export const inlineFile = z.strictObject({
  path: z.string().min(1),
  data: z.string(),
  encoding: z.enum(["text", "base64"]).optional(),
});
export type InlineFile = z.infer<typeof inlineFile>;

/** A read-only file system for the guest: an image, or up to 16 inline files. */
export const rom = z.strictObject({
  name: partName(63),
  image: image.optional(),
  files: z.array(inlineFile).max(16).optional(),
  at: z.string().optional(),
});
export const roms = z.array(rom).max(8);

export const plugin = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,63}$/),
  rom: image,
  config: z.unknown().optional(),
});
export const plugins = z.array(plugin).max(8);

/** Something that happens to an instance at given times: `when` is a calendar expression of systemd, in UTC. */
export const schedule = z.strictObject({
  name: partName(255),
  when: z.string().min(1).max(256),
  action: z.enum(["start", "stop", "delete", "exec", "checkpoint"]),
  /** Of `exec` only. */
  args: args.optional(),
});
export type Schedule = z.infer<typeof schedule>;
/** Most schedules of one instance. */
export const MAX_SCHEDULES = 64;
export const schedules = z.array(schedule).max(MAX_SCHEDULES);

export const autokill = autokillTime.extend({ num_requests: z.int().min(0).optional() });
export const schedPriority = z.enum(["normal", "medium", "high", "admin"]);
