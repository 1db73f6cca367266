/** Captures the replicas at the start of a rollout, so that a rollback can restore them. Pure. */
import type { InstanceItem } from "../../../contract/models";
import type { CapturedMember } from "../../../rollout/failure/captured";
import { type ReadinessPolicy, isBroken } from "../../../rollout/readiness";
import { digestIn, toReplicaRequest } from "../../workload/request";
import type { ServiceInputs } from "../inputs";
import { TEMPLATE_TAG } from "../replicaTags";
import { matchesTemplate, reportedTemplate } from "../wire";

/** What tells replicas of one template from those of another: its tag and the image that runs. */
const templateKey = ({ tags, image }: InstanceItem): string =>
  JSON.stringify([(tags ?? []).find((tag) => TEMPLATE_TAG.test(tag)), digestIn(image ?? "") ?? image]);

/**
 * The replicas as they are.
 *
 * @param policy decides which of them are broken
 * @param template the template in state: replicas that match it are created from it again, others from what the metro reports of them,
 *   such as those of a rollout that was not finished
 * @param base the fields of a create request that every replica has, with a unique name
 */
export const captureReplicas = (
  instances: readonly InstanceItem[],
  policy: ReadinessPolicy,
  template: ServiceInputs["template"],
  base: () => { readonly name: string; readonly service_group: { readonly uuid: string } },
): readonly CapturedMember[] =>
  instances.map((captured) => ({
    uuid: captured.uuid,
    isBroken: isBroken(policy, captured),
    templateKey: templateKey(captured),
    isUnchanged: (instance) => templateKey(instance) === templateKey(captured),
    createRequest: () => ({
      ...toReplicaRequest(
        matchesTemplate(template, captured) ? (template ?? {}) : (reportedTemplate(captured) ?? template ?? {}),
        base(),
      ),
      // Its own tags, which include the marks of the provider, and its own gate.
      tags: captured.tags ?? [],
      ...(captured.readiness_probe == null ? {} : { readiness_probe: captured.readiness_probe }),
    }),
  }));
