/** Inputs of a Service. Pure. */
import * as z from "zod";
import { field, objectType } from "../../definition/resource";
import { adoptField } from "../common/adopt";
import { autoscaleInput } from "./autoscaleInput";
import { serviceDomain } from "./domains";
import { nameField } from "../common/fields";
import { workloadFields, imageField, imagePullField } from "../workload/inputs";
import { publishedPort } from "./ports";
import { templateTagsField } from "./replicaTags";
import { MAX_REPLICAS, rolloutInput } from "./rolloutInput";

/** The `template` input. */
export const templateInput = objectType(
  "InstanceTemplate",
  "What every replica runs.",
  z.strictObject({
    image: imageField(),
    imagePull: imagePullField(),
    ...workloadFields("always"),
    tags: templateTagsField(),
  }),
);

const autokill = objectType(
  "ServiceAutokill",
  "When the platform deletes a service by itself.",
  z.strictObject({
    timeMs: field(z.int().min(0), { description: "Milliseconds without an instance in it; 0 is never." }),
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
      "Published ports; changed in place, before a changed template is rolled out: give a program a new port of its own in two updates.",
    unordered: true,
  }),
  domains: field(z.array(serviceDomain).min(1).optional(), {
    description: "Domain names. Default: one that the metro makes from the name.",
    unordered: true,
  }),
  softLimit: field(limitSchema().default(1), {
    description:
      "Requests or connections in flight per instance before the next instance in standby is woken, 1 to 65,535. Default 1.",
  }),
  hardLimit: field(limitSchema().default(MAX_LIMIT), {
    description:
      "Most requests or connections in flight per instance, 1 to 65,535; more are refused. At least `softLimit`. Default 65,535.",
  }),
  autokill: field(autokill.optional(), { description: "When the platform deletes it by itself. Default: never." }),
  replicas: field(z.int().min(0).max(MAX_REPLICAS).default(1), {
    description: `Instances of the template, 0 to ${MAX_REPLICAS}; without a template it means nothing. Default 1.`,
  }),
  template: field(templateInput.optional(), {
    description:
      "What every replica runs. A change replaces the replicas as `rollout` says. Required, but with `autoscale` or `replicas: 0`.",
  }),
  rollout: field(rolloutInput.default(DEFAULT_ROLLOUT), {
    description: "How replicas are replaced. Default: one by one, each new one first.",
  }),
  autoscale: field(autoscaleInput.optional(), {
    description:
      "Let the platform decide how many instances there are, made from an instance template of its own, in place of `replicas`. A change of anything but the policies drains and deletes them first. Default: none.",
  }),
  adopt: adoptField("a service"),
});

/** Checked inputs of a Service. */
export type ServiceInputs = z.output<typeof serviceInputs>;

/** What a Service has of which nothing was said. */
export const SERVICE_DEFAULTS = serviceInputs.pick({ softLimit: true, hardLimit: true, rollout: true }).parse({});

/** So many instances of its template a service is to have. */
export const desiredReplicas = ({ template, replicas }: Pick<ServiceInputs, "template" | "replicas">): number =>
  template === undefined ? 0 : replicas;
