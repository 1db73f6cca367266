/** What a guest can be told, with what a change of each means: the inputs that `Instance` and a Service's template share. */
import * as net from "node:net";
import * as z from "zod";
import { type FieldMeta, field, objectType } from "../../definition/resource";
import { idOrName } from "../common/fields";
import {
  autokill,
  ephemeralVolume,
  imagePull,
  networkInterface,
  plugin,
  rom,
  scaleToZero,
  schedule,
  volumeMount,
} from "./inputTypes";
import { tagsField } from "../common/tags";

/** Smallest memory the API accepts; a guest may need more, which the metro says. Source: cloud API, `memory_mb`. */
export const MIN_MEMORY_MB = 16;
/** A Linux-type guest on the local platform needs at least this much to boot at all. */
export const DEFAULT_MEMORY_MB = 128;

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** `[prefix/]name`: a DNS subdomain of up to 253 characters, and a name of up to 63. */
const ANNOTATION_KEY = /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;

const ipAddress = z.string().refine((text) => net.isIP(text) !== 0, "must be an IP address");

const IMAGE_META: FieldMeta = {
  description:
    "Image to boot: `image.ref` of a GatewayImage (`repository@sha256:…`), or a reference the metro's registry knows.",
  onChange: "restart",
};
const imageSchema = () => z.string().min(1);

const argsField = () =>
  field(z.array(z.string().min(1)).optional(), {
    description: "Complete argument list of the guest's program. Default: the image's own.",
    onChange: "restart",
  });
const envField = () =>
  field(z.record(z.string().min(1), z.string()).default({}), {
    description: "Environment variables, over those of the image. Kept secret in state.",
    onChange: "restart",
    secret: true,
  });
const memoryField = () =>
  field(z.int().min(MIN_MEMORY_MB).default(DEFAULT_MEMORY_MB), {
    description: `Guest memory in MiB, at least ${MIN_MEMORY_MB}. Default ${DEFAULT_MEMORY_MB}.`,
    onChange: "restart",
  });
const vcpusField = () =>
  field(z.int().min(1).default(1), { description: "Virtual CPUs. Default 1.", onChange: "restart" });

/** A guest that boots an image. */
export const imageField = () => field(imageSchema(), IMAGE_META);
/** How that image is fetched. */
export const imagePullField = () =>
  field(imagePull.optional(), {
    description:
      "How the metro fetches the image, where its name does not say it. Used at creation and with the next change of `image`.",
    onChange: "ignore",
  });

const templatePreparation = objectType(
  "TemplatePreparation",
  "What a template that does not exist yet is made from.",
  z.strictObject({
    image: imageField(),
    args: argsField(),
    env: envField(),
    memoryMb: memoryField(),
    vcpus: vcpusField(),
    timeoutMs: field(z.int().min(0).max(3_600_000).default(0), {
      description:
        "How long the metro may take to prepare the template, in milliseconds, 0 to 3,600,000, rounded up to whole seconds. Default 0: the metro's own limit.",
    }),
    autokillTimeMs: field(z.int().min(0).default(0), {
      description: "Delete the template after so many milliseconds without a use. Default 0: never.",
    }),
  }),
);

/** What a guest is made from: exactly one of `image`, `template`, `branchFrom` and `checkpoint`. */
export const sourceFields = () => ({
  image: field(imageSchema().optional(), {
    ...IMAGE_META,
    description: `${IMAGE_META.description} Exactly one of \`image\`, \`template\`, \`branchFrom\` and \`checkpoint\` is given.`,
  }),
  imagePull: imagePullField(),
  template: field(idOrName().optional(), {
    description: "Id or name of an instance template to clone. What is left at its default is the template's.",
    onChange: "replace",
  }),
  prepareTemplate: field(templatePreparation.optional(), {
    description: "Makes the template from this if there is none named `template` yet. Used at creation.",
    onChange: "ignore",
  }),
  branchFrom: field(idOrName().optional(), {
    description: "Id or name of an instance to copy as it is now, with its `args`, `env`, `memoryMb` and `vcpus`.",
    onChange: "replace",
  }),
  checkpoint: field(idOrName().optional(), {
    description: "Id or name of a checkpoint to go on from. What is left at its default is the checkpoint's.",
    onChange: "replace",
  }),
});

const RESTART_POLICY_DESCRIPTIONS = {
  never: "`never`, `always`, or `on-failure` (after a crash or an exit code other than 0). Default `never`.",
  always: "`always` (also after exit code 0), `on-failure`, or `never`. Default `always`: a replica is meant to serve.",
} as const;

/**
 * Everything else that a guest can be told, anew for each use.
 *
 * @param restartPolicy its default
 */
export const workloadFields = (restartPolicy: keyof typeof RESTART_POLICY_DESCRIPTIONS) => ({
  args: argsField(),
  env: envField(),
  memoryMb: memoryField(),
  vcpus: vcpusField(),
  volumes: field(z.array(volumeMount).default([]), {
    description: "Volumes to mount.",
    onChange: "restart",
    unordered: true,
  }),
  ephemeralVolumes: field(z.array(ephemeralVolume).default([]), {
    description: "Volumes that are made with the instance and deleted with it.",
    onChange: "replace",
    unordered: true,
  }),
  restartPolicy: field(z.enum(["never", "always", "on-failure"]).default(restartPolicy), {
    description: RESTART_POLICY_DESCRIPTIONS[restartPolicy],
    onChange: "replace",
  }),
  scaleToZero: field(scaleToZero.optional(), {
    description: "When it may go to standby. Default: never.",
    onChange: "restart",
  }),
  features: field(z.array(z.enum(["delete-on-stop"])).default([]), {
    description: "`delete-on-stop`: the platform deletes it once it stops, for jobs. Default: none.",
    onChange: "replace",
    unordered: true,
  }),
  roms: field(z.array(rom).max(8).default([]), {
    description: "Up to 8 read-only file systems, by image or with files given here.",
    onChange: "restart",
    unordered: true,
  }),
  plugins: field(z.array(plugin).max(8).default([]), {
    description: "Up to 8 plugins of the platform.",
    onChange: "restart",
    unordered: true,
  }),
  tags: tagsField("instance"),
  annotations: field(
    z
      .record(
        z.string().regex(ANNOTATION_KEY, "must be [prefix/]name, of letters, digits, '-', '_' and '.'"),
        z.string().regex(/^[^\x00-\x1f\x7f]*$/, "must not hold control characters"),
      )
      .default({}),
    {
      description:
        "Up to 256 annotations, `[prefix/]name` → text without control characters. The guest sees them from its next boot on.",
    },
  ),
  hostname: field(z.string().regex(DNS_LABEL, "must be a DNS label").optional(), {
    description: "Host name of the guest, a DNS label. Default: the instance's name.",
    onChange: "restart",
  }),
  dependencies: field(z.array(idOrName()).default([]), {
    description: "Ids or names of instances that are started before it.",
    onChange: "restart",
    unordered: true,
  }),
  schedules: field(z.array(schedule).default([]), {
    description: "What happens to it at given times.",
    unordered: true,
  }),
  autokill: field(autokill.optional(), { description: "When the platform deletes it by itself. Default: never." }),
  schedPriority: field(z.enum(["normal", "medium", "high", "admin"]).default("normal"), {
    description:
      "Priority of its virtual CPUs. Others than `normal` need a privilege of the account. Default `normal`.",
    onChange: "restart",
  }),
  type: field(z.enum(["micro", "full"]).default("micro"), {
    description:
      "`micro`, or `full` for devices that a small machine lacks: without scale-to-zero, templates, branches and checkpoints. Default `micro`.",
    onChange: "replace",
  }),
  gpus: field(z.int().min(0).max(1).default(0), {
    description: 'GPUs, 0 or 1; needs `type: "full"`. Default 0.',
    onChange: "replace",
  }),
  gateway: field(ipAddress.optional(), {
    description: "Address of the gateway, with `networkInterfaces`. Default: the platform's.",
    onChange: "replace",
  }),
  nameserver: field(ipAddress.optional(), {
    description: "Address of the name server, with `networkInterfaces`. Default: the platform's.",
    onChange: "replace",
  }),
  networkInterfaces: field(z.array(networkInterface).max(4).default([]), {
    description: "Up to 4 network interfaces; needs a privilege of the account. Default: one, made by the platform.",
    onChange: "replace",
  }),
});

/** A guest's inputs, checked. */
export type Workload = z.output<z.ZodObject<ReturnType<typeof workloadFields> & ReturnType<typeof sourceFields>>>;
