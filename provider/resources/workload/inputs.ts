/** Workload inputs: those that an Instance and a Service's template share, with the effect of a change. Pure. */
import * as z from "zod";
import { mapOf } from "../../base/mapSchema";
import { guestText } from "../../contract/models/common";
import { MAX_ARGS, envName } from "../../contract/models/instanceParts";
import { type FieldMeta, field, objectType } from "../../definition/resource";
import { idOrName } from "../common/fields";
import {
  autokill,
  ephemeralVolume,
  imagePull,
  ipAddress,
  networkInterface,
  plugin,
  rom,
  scaleToZero,
  schedule,
  volumeMount,
} from "./inputTypes";
import { tagsField } from "../common/tags";

/** Minimum memory that the API accepts, in MiB. Source: cloud API, `memory_mb`. An image may need more. */
export const MIN_MEMORY_MB = 16;
/** Default memory of an instance, in MiB: the minimum with which Linux boots on the local platform. */
export const DEFAULT_MEMORY_MB = 128;

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** `[prefix/]name`: a DNS subdomain of up to 253 characters, and a name of up to 63. */
const ANNOTATION_KEY = /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;

/** `image` of a template's preparation, which has no `imagePull`. */
const PREPARED_IMAGE_META: FieldMeta = {
  description: "Image to boot: a GatewayImage, or a reference such as its `ref` (`repository@sha256:…`).",
  onChange: "restart",
  resource: { kind: "GatewayImage", output: "ref" },
};
const IMAGE_META: FieldMeta = {
  description:
    "Image to boot: a GatewayImage, or a reference such as its `ref` (`repository@sha256:…`). The GatewayImage itself brings its `registryCredentials` along for `imagePull.credentials`.",
  onChange: "restart",
  resource: {
    kind: "GatewayImage",
    output: "ref",
    defaults: { "imagePull.credentials": "registryCredentials" },
  },
};
const imageSchema = () => z.string().min(1);

const argsField = () =>
  field(z.array(guestText.min(1)).max(MAX_ARGS).optional(), {
    description: "Complete argument list of the program. Default: the arguments in the image.",
    onChange: "restart",
  });
const envField = () =>
  field(mapOf(envName, guestText).default({}), {
    description:
      "Environment variables, added to those of the image and overriding them. Encrypted in state. Default: none.",
    onChange: "restart",
    secret: true,
  });
const memoryField = () =>
  field(z.int().min(MIN_MEMORY_MB).default(DEFAULT_MEMORY_MB), {
    description: `Memory in MiB, at least ${MIN_MEMORY_MB}. Default ${DEFAULT_MEMORY_MB}.`,
    onChange: "restart",
  });
const vcpusField = () =>
  field(z.int().min(1).default(1), {
    description: "Number of virtual CPUs, at least 1. Default 1.",
    onChange: "restart",
  });

/** `image`, for objects that require it. */
export const imageField = () => field(imageSchema(), IMAGE_META);
/** `imagePull`, the same field for every kind. */
export const imagePullField = () =>
  field(imagePull.optional(), {
    description:
      "How the metro fetches the image. Used at creation and when `image` changes. Default: the metro decides.",
    onChange: "ignore",
  });

const templatePreparation = objectType(
  "TemplatePreparation",
  "How to create a template that does not exist yet.",
  z.strictObject({
    image: field(imageSchema(), PREPARED_IMAGE_META),
    args: argsField(),
    env: envField(),
    memoryMb: memoryField(),
    vcpus: vcpusField(),
    timeoutMs: field(z.int().min(0).max(3_600_000).default(0), {
      description:
        "Time limit for creating the template, in milliseconds, 0 to 3,600,000, rounded up to whole seconds. Default 0: the metro's own limit.",
    }),
    autokillTimeMs: field(z.int().min(0).default(0), {
      description: "Delete the template when it has been unused for this long, in milliseconds. Default 0: never.",
    }),
  }),
);

/** The source of an instance: exactly one of `image`, `template`, `branchFrom` and `checkpoint`. */
export const sourceFields = () => ({
  image: field(imageSchema().optional(), {
    ...IMAGE_META,
    description: `${IMAGE_META.description} Give exactly one of \`image\`, \`template\`, \`branchFrom\` and \`checkpoint\`.`,
  }),
  imagePull: imagePullField(),
  template: field(idOrName().optional(), {
    description: "Id or name of an instance template to clone. Inputs left at their default take the template's value.",
    onChange: "replace",
  }),
  prepareTemplate: field(templatePreparation.optional(), {
    description: "How to create the template if `template` does not exist. Used at creation.",
    onChange: "ignore",
  }),
  branchFrom: field(idOrName().optional(), {
    description:
      "Id or name of an instance to copy in its current state. The copy keeps its `args`, `env`, `memoryMb` and `vcpus`.",
    onChange: "replace",
  }),
  checkpoint: field(idOrName().optional(), {
    description: "Id or name of a checkpoint to resume from. Inputs left at their default take the checkpoint's value.",
    onChange: "replace",
  }),
});

const RESTART_POLICY_DESCRIPTIONS = {
  never:
    "When to restart the program: `never`, `always`, or `on-failure` (a crash or a non-zero exit code). Default `never`.",
  always: "When to restart the program: `always` (exit code 0 included), `on-failure`, or `never`. Default `always`.",
} as const;

/**
 * All other workload inputs. Each call creates new schemas, because a schema can be a field only once.
 *
 * @param restartPolicy the default of `restartPolicy`
 */
export const workloadFields = (restartPolicy: keyof typeof RESTART_POLICY_DESCRIPTIONS) => ({
  args: argsField(),
  env: envField(),
  memoryMb: memoryField(),
  vcpus: vcpusField(),
  volumes: field(z.array(volumeMount).default([]), {
    description: "Volumes to mount. Default: none.",
    onChange: "restart",
    unordered: true,
  }),
  ephemeralVolumes: field(z.array(ephemeralVolume).default([]), {
    description: "Volumes created and deleted together with the instance. Default: none.",
    onChange: "replace",
    unordered: true,
  }),
  restartPolicy: field(z.enum(["never", "always", "on-failure"]).default(restartPolicy), {
    description: RESTART_POLICY_DESCRIPTIONS[restartPolicy],
    onChange: "replace",
  }),
  scaleToZero: field(scaleToZero.optional(), {
    description:
      "When the instance may go to standby. Each member that is left out comes from the image's labels `cloud.unikraft.v1.instances/scale_to_zero.*`, if it has them. Default: as the labels say, else never.",
    onChange: "restart",
  }),
  features: field(z.array(z.enum(["delete-on-stop"])).default([]), {
    description: "`delete-on-stop`: the platform deletes the instance once it stops; meant for jobs. Default: none.",
    onChange: "replace",
    unordered: true,
  }),
  roms: field(z.array(rom).max(8).default([]), {
    description: "Read-only file systems, up to 8, each from an image or from files given here. Default: none.",
    onChange: "restart",
    unordered: true,
  }),
  plugins: field(z.array(plugin).max(8).default([]), {
    description: "Platform plugins, up to 8. Default: none.",
    onChange: "restart",
    unordered: true,
  }),
  tags: tagsField("instance"),
  annotations: field(
    z
      .record(
        z.string().regex(ANNOTATION_KEY, "must be [prefix/]name with letters, digits, '-', '_' and '.'"),
        z.string().regex(/^[^\x00-\x1f\x7f]*$/, "must not contain control characters"),
      )
      .default({}),
    {
      description:
        "Annotations, up to 256: `[prefix/]name` → text without control characters. The guest sees a change at its next boot. Default: none.",
    },
  ),
  hostname: field(z.string().regex(DNS_LABEL, "must be a DNS label").optional(), {
    description: "Host name of the guest, a DNS label. Default: the name of the instance.",
    onChange: "restart",
  }),
  dependencies: field(z.array(idOrName()).default([]), {
    description: "Ids or names of instances to start before this one. Default: none.",
    onChange: "restart",
    unordered: true,
  }),
  schedules: field(z.array(schedule).default([]), {
    description: "Actions at scheduled times. Default: none.",
    unordered: true,
  }),
  autokill: field(autokill.optional(), {
    description: "When the platform deletes the instance automatically. Default: never.",
  }),
  schedPriority: field(z.enum(["normal", "medium", "high", "admin"]).default("normal"), {
    description:
      "Scheduling priority of the virtual CPUs. Any other than `normal` needs an account privilege. Default `normal`.",
    onChange: "restart",
  }),
  type: field(z.enum(["micro", "full"]).default("micro"), {
    description:
      "Machine type: `micro`, or `full` with more devices but without scale-to-zero, templates, branches and checkpoints. Default `micro`.",
    onChange: "replace",
  }),
  gpus: field(z.int().min(0).max(1).default(0), {
    description: 'Number of GPUs, 0 or 1; needs `type: "full"`. Default 0.',
    onChange: "replace",
  }),
  gateway: field(ipAddress.optional(), {
    description: "IP address of the gateway; only with `networkInterfaces`. Default: chosen by the platform.",
    onChange: "replace",
  }),
  nameserver: field(ipAddress.optional(), {
    description: "IP address of the name server; only with `networkInterfaces`. Default: chosen by the platform.",
    onChange: "replace",
  }),
  networkInterfaces: field(z.array(networkInterface).max(4).default([]), {
    description: "Network interfaces, up to 4; needs an account privilege. Default: one, created by the platform.",
    onChange: "replace",
  }),
});

/** Checked workload inputs. */
export type Workload = z.output<z.ZodObject<ReturnType<typeof workloadFields> & ReturnType<typeof sourceFields>>>;
