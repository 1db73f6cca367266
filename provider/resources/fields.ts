/** Fields that several resources share. */
import * as z from "zod";
import { NAME_MAX_LENGTH, NAME_PATTERN } from "../definition/autoname";
import { field, objectType } from "../definition/define";

/** `name`: the same rule for every kind. */
export const nameField = (what: string) =>
  field(
    z
      .string()
      .min(1)
      .max(NAME_MAX_LENGTH)
      .regex(NAME_PATTERN, "must be lower-case letters, digits and dashes, not starting or ending with a dash")
      .optional(),
    {
      description: `Name of the ${what} in its metro, unique per account: 1 to 63 of a-z, 0-9 and dash. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first.`,
      onChange: "replace",
    },
  );

const mountPath = z
  .string()
  .regex(/^(\/(?!\.{1,2}(\/|$))[^/:]+)+$/, "must be an absolute path without ':', '.', '..' or a trailing slash");

/** One entry of `volumes`. */
export const volumeMount = objectType(
  "VolumeMount",
  "A volume mounted into a guest.",
  z.strictObject({
    volume: field(z.string().min(1), { description: "Id of the volume: `volume.id`." }),
    at: field(mountPath, { description: "Absolute path in the guest; created when absent." }),
    readonly: field(z.boolean().default(false), { description: "Mount without write access. Default false." }),
  }),
);

/** Smallest memory the API accepts; a guest may need more, which the metro says. Source: cloud API, `memory_mb`. */
export const MIN_MEMORY_MB = 16;
/** A Linux-type guest on the local platform needs at least this much to boot at all. */
export const DEFAULT_MEMORY_MB = 128;

/** What a guest runs with, anew for each of its uses: `Instance` and the template of a `Service` give it other meanings. */
export const guestFields = () => ({
  image: z.string().min(1),
  args: z.array(z.string().min(1)).optional(),
  env: z.record(z.string(), z.string()).default({}),
  memoryMb: z.int().min(MIN_MEMORY_MB).default(DEFAULT_MEMORY_MB),
  vcpus: z.int().min(1).default(1),
  volumes: z.array(volumeMount).default([]),
  restartPolicy: z.enum(["never", "always", "on-failure"]),
});

/** Descriptions of {@link guestFields}. */
export const GUEST = {
  image:
    "Image to boot: `image.ref` of a GatewayImage (`repository@sha256:…`), or a reference the metro's registry knows.",
  args: "Complete argument list of the guest's program. Default: the image's own.",
  env: "Environment variables, over those of the image. Kept secret in state.",
  memoryMb: `Guest memory in MiB, at least ${MIN_MEMORY_MB}. Default ${DEFAULT_MEMORY_MB}.`,
  vcpus: "Virtual CPUs. Default 1.",
  volumes: "Volumes to mount.",
} as const;

/** Scale-to-zero settings. */
export const scaleToZero = objectType(
  "ScaleToZero",
  "When an instance may go to standby, from which the next connection wakes it.",
  z.strictObject({
    policy: field(z.enum(["on", "idle", "off"]), {
      description:
        "`on`: after no connection for the cooldown; `idle`: also while idle connections are open; `off`: never.",
    }),
    stateful: field(z.boolean().default(false), {
      description: "Keep the guest's memory across standby instead of booting afresh. Default false.",
    }),
    cooldownTimeMs: field(z.int().min(0).max(86_400_000).default(1000), {
      description: "Idle time before standby, in milliseconds, 0 to 86,400,000. Default 1000.",
    }),
  }),
);
