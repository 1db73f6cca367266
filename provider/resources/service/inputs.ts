/** Inputs of a Service. Pure. */
import * as z from "zod";
import { field, objectType, withMisplacedKeys } from "../../definition/resource";
import { adoptField } from "../common/adopt";
import { autoscaleInput } from "./autoscaleInput";
import { serviceDomain } from "./domains";
import { nameField } from "../common/fields";
import { workloadFields, imageField, imagePullField } from "../workload/inputs";
import { publishedPort } from "./ports";
import { templateTagsField } from "./replicaTags";
import { reloadInput, reloadOnField } from "./reload/input";
import { MAX_REPLICAS, rolloutInput } from "./rollout/input";

/** The `template` input: an image and the workload inputs of its replicas. */
export const templateInput = objectType(
  "InstanceTemplate",
  "Template of the replicas.",
  withMisplacedKeys(
    z.strictObject({
      image: imageField(),
      imagePull: imagePullField(),
      ...workloadFields("always"),
      tags: templateTagsField(),
    }),
    {
      waitFor:
        "an input of an Instance; a Service waits until its replicas answer, as its rollout says, so leave it out, or run a job as an Instance.",
      stableForMs: "an input of an Instance; for a Service, set rollout.stableForMs.",
    },
  ),
);

const autokill = objectType(
  "ServiceAutokill",
  "When the platform deletes a service automatically.",
  z.strictObject({
    timeMs: field(z.int().min(0), {
      description: "Delete the service when it has had no instance for this long, in milliseconds; 0: never.",
    }),
  }),
);

const MAX_LIMIT = 65_535;
const limitSchema = () => z.int().min(1).max(MAX_LIMIT);
const DEFAULT_ROLLOUT = rolloutInput.parse({});

/** Inputs of a Service. */
export const serviceInputs = z.strictObject({
  name: nameField("service"),
  ports: field(z.array(publishedPort).min(1), {
    description:
      "Published ports, at least one. Port changes apply before a changed template is rolled out; to move a program to a new port, first listen on both, then change the ports.",
    unordered: true,
  }),
  domains: field(z.array(serviceDomain).min(1).optional(), {
    description: "Domain names. Default: one that the metro derives from the name.",
    unordered: true,
  }),
  softLimit: field(limitSchema().default(1), {
    description:
      "Requests or connections in flight per instance before another instance is woken from standby, 1 to 65,535. Default 1.",
  }),
  hardLimit: field(limitSchema().default(MAX_LIMIT), {
    description:
      "Maximum requests or connections in flight per instance, 1 to 65,535; more are rejected. At least `softLimit`. Default 65,535.",
  }),
  autokill: field(autokill.optional(), {
    description: "When the platform deletes the service automatically. Default: never.",
  }),
  replicas: field(z.int().min(0).max(MAX_REPLICAS).default(1), {
    description: `Number of replicas of the template, 0 to ${MAX_REPLICAS}; ignored without a template. Default 1.`,
  }),
  template: field(templateInput.optional(), {
    description:
      "Template of the replicas. A change replaces the replicas by a rolling update. Required unless `autoscale` is set or `replicas` is 0.",
  }),
  rollout: field(rolloutInput.default(DEFAULT_ROLLOUT), {
    description: "How the rolling update replaces replicas. Default: one at a time, the new one first.",
  }),
  reloadOn: reloadOnField(),
  reload: field(reloadInput.optional(), {
    description:
      "How the replicas load their configuration again when `reloadOn` changes. Default: they are restarted, as `rollout.strategy` says.",
  }),
  autoscale: field(autoscaleInput.optional(), {
    description:
      "Lets the platform choose the number of instances, created from an instance template, instead of `replicas`. A change other than to `policies` drains and deletes these instances first. Default: none.",
  }),
  adopt: adoptField("a service"),
});

/** Checked inputs of a Service. */
export type ServiceInputs = z.output<typeof serviceInputs>;

/** Default limits and default rollout of a Service. */
export const SERVICE_DEFAULTS = serviceInputs.pick({ softLimit: true, hardLimit: true, rollout: true }).parse({});

/** Desired number of replicas; 0 without a template. */
export const desiredReplicas = ({ template, replicas }: Pick<ServiceInputs, "template" | "replicas">): number =>
  template === undefined ? 0 : replicas;
