/** What a Service can be told, and the rules for it. Pure. */
import * as z from "zod";
import { type CheckFailure, type Properties, type Rule, field, objectType } from "../../definition/resource";
import { isUnknown } from "../../definition/unknowns";
import { adoptField } from "../common/adopt";
import { autoscaleInput, checkAutoscale } from "./autoscaleInput";
import { checkDomains, serviceDomain } from "./domains";
import { nameField } from "../common/fields";
import { workloadFields, imageField, imagePullField } from "../workload/inputs";
import { numberOrZero, lengthOrZero, workloadQuotaUsage } from "../workload/quotaUsage";
import { templateRules } from "../workload/rules";
import { checkPorts, publishedPort } from "./ports";
import { checkTemplateTags, templateTagsField } from "./replicaTags";
import { MAX_REPLICAS, checkRollout, rolloutInput } from "./rolloutInput";

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

/** Looks only at what is given at all, so that unknown values inside do not matter. */
function checkReplicas({ template, replicas, autoscale }: ServiceInputs): readonly CheckFailure[] {
  if (isUnknown(template) || isUnknown(autoscale) || replicas === 0) return [];
  if (template === undefined && autoscale === undefined) {
    const reason = `required: say what the ${replicas === 1 ? "replica runs" : `${replicas} replicas run`}. Or give autoscale, or replicas: 0 for a service that instances join.`;
    return [{ property: "template", reason }];
  }
  if (template === undefined || autoscale === undefined) return [];
  const reason = `cannot be given together with ${replicas} replicas of a template: either the program or the platform decides how many instances there are. Write replicas: 0, or leave it out.`;
  return [{ property: "autoscale", reason }];
}

function checkLimits({ softLimit, hardLimit }: ServiceInputs): readonly CheckFailure[] {
  if (softLimit <= hardLimit) return [];
  return [{ property: "softLimit", reason: `must not be above hardLimit, which is ${hardLimit}, got ${softLimit}.` }];
}

/** The rules of a Service. */
export const serviceRules: readonly Rule<ServiceInputs>[] = [
  { reads: ["ports"], test: ({ ports }) => checkPorts(ports) },
  { reads: ["domains"], test: ({ domains }) => checkDomains(domains) },
  { reads: ["softLimit", "hardLimit"], test: checkLimits },
  { reads: ["autoscale"], test: ({ autoscale }) => checkAutoscale(autoscale) },
  { reads: ["replicas"], test: checkReplicas },
  {
    reads: ["replicas", "template.volumes", "rollout"],
    test: ({ replicas, template, rollout }) => checkRollout(replicas, template ?? { volumes: [] }, rollout),
  },
  { reads: ["template.tags"], test: ({ template }) => (template === undefined ? [] : checkTemplateTags(template)) },
  ...templateRules.map(({ reads, test }) => ({
    reads,
    test: ({ template }: ServiceInputs, olds: Properties) => (template === undefined ? [] : test({ template }, olds)),
  })),
];

/** What a Service takes of the account's quotas, what the platform starts by itself not counted. */
export function serviceQuotaUsage(inputs: Properties): Readonly<Record<string, number>> {
  const { template, replicas, ports } = inputs;
  const isTemplate = template !== null && typeof template === "object";
  const each = isTemplate ? workloadQuotaUsage(template as Properties, true) : {};
  return {
    service_groups: 1,
    services: lengthOrZero(ports),
    ...Object.fromEntries(Object.entries(each).map(([quota, taken]) => [quota, numberOrZero(replicas) * taken])),
  };
}

/** Has it what its successor could not have at the same time: a domain, or a volume that its replicas write to? */
export function holdsExclusiveResource({ domains, template, rollout }: Properties): boolean {
  const { volumes } = (template ?? {}) as Properties;
  const { sharedVolumes } = (rollout ?? {}) as Properties;
  const writes = Array.isArray(volumes) && volumes.some((mount) => (mount as Properties)["readonly"] !== true);
  return (domains !== undefined && domains !== null) || (writes && sharedVolumes !== true);
}
