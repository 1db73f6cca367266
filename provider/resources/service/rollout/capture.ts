/** Captures the replicas at the start of a rollout, so that a rollback can restore them. */
import type { CreateInstanceRequest, InstanceItem } from "../../../contract/models";
import type { CapturedMember } from "../../../rollout/failure/captured";
import { type ReadinessPolicy, isBroken } from "../../../rollout/members/readiness";
import { digestIn, toReplicaRequest } from "../../workload/request";
import type { ServiceInputs } from "../inputs";
import { TEMPLATE_TAG } from "../replicaTags";
import { matchesTemplate, reportedTemplate } from "../replicaTemplate";

type Template = NonNullable<ServiceInputs["template"]>;

/** What tells replicas of one template from those of another: its tag and the image that runs. */
const templateKey = ({ tags, image }: InstanceItem): string =>
  JSON.stringify([(tags ?? []).find((tag) => TEMPLATE_TAG.test(tag)), digestIn(image ?? "") ?? image]);

/** What {@link captureReplicas} needs to know. */
export interface CaptureOptions {
  /** Decides which of them are broken. */
  readonly policy: ReadinessPolicy;
  /**
   * The template in state. Replicas that match it are restored from it, others from what the metro reports of them, such as those of a
   * rollout that was not finished.
   */
  readonly template: ServiceInputs["template"];
  /** The fields of a create request that every replica has, with a unique name. */
  readonly base: () => { readonly name: string; readonly service_group: { readonly uuid: string } };
  /** Gives a stopped instance a template, and the tags and the gate of a request. */
  readonly change: (instance: InstanceItem, template: Template, request: CreateInstanceRequest) => Promise<void>;
}

/** The replicas as they are. */
export const captureReplicas = (
  instances: readonly InstanceItem[],
  { policy, template, base, change }: CaptureOptions,
): readonly CapturedMember[] =>
  instances.map((captured) => {
    const own = matchesTemplate(template, captured) ? template : (reportedTemplate(captured) ?? template);
    // Its own tags, which include the marks of the provider, and its own gate.
    const marks = {
      tags: captured.tags ?? [],
      ...(captured.readiness_probe == null ? {} : { readiness_probe: captured.readiness_probe }),
    };
    return {
      uuid: captured.uuid,
      isBroken: isBroken(policy, captured),
      templateKey: templateKey(captured),
      isUnchanged: (instance) => templateKey(instance) === templateKey(captured),
      createRequest: () => ({ ...toReplicaRequest(own ?? {}, base()), ...marks }),
      restore: (instance) => (own === undefined ? Promise.resolve() : change(instance, own, marks)),
    };
  });
