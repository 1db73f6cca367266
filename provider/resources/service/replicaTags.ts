/** Tags that mark the replicas of a Service. Its template cannot use them. Pure. */
import type { InstanceItem } from "../../contract/models";
import type { CheckFailure } from "../../definition/resource";
import { fingerprint } from "../workload/request";
import type { Workload } from "../workload/inputs";
import { isOwnershipMark } from "../common/ownershipMark";
import { MAX_TAGS, tagsField } from "../common/tags";
import { CONFIGURATION_TAG } from "./reload/configuration";

/** Marks instances that a Service created. It never touches other instances in its group. */
export const MANAGED_TAG = "managed-by:pulumi-unikernel";

/** Takes the place of {@link MANAGED_TAG} on old replicas that a `blueGreen` rollout keeps: nobody counts them any more. */
export const RETIRED_TAG = "retired-by:pulumi-unikernel";

/** The tags of a replica from then on. */
export const retiredTags = ({ tags }: Pick<InstanceItem, "tags">): readonly string[] =>
  (tags ?? []).map((tag) => (tag === MANAGED_TAG ? RETIRED_TAG : tag));

/** The tag that identifies the template of an instance. */
export const TEMPLATE_TAG = /^template:[0-9a-f]{12}$/;

/** The fingerprint of the template that the tags of an instance name; `undefined` if they name none. */
export const taggedTemplate = ({ tags }: Pick<InstanceItem, "tags">): string | undefined =>
  (tags ?? []).find((tag) => TEMPLATE_TAG.test(tag))?.slice("template:".length);

/** The {@link TEMPLATE_TAG} of a template. */
export const templateTag = (template: Partial<Workload>): string => `template:${fingerprint(template)}`;

/** True for a tag that the provider adds to replicas. */
export const isReplicaTag = (tag: string): boolean =>
  tag === MANAGED_TAG ||
  tag === RETIRED_TAG ||
  TEMPLATE_TAG.test(tag) ||
  CONFIGURATION_TAG.test(tag) ||
  isOwnershipMark(tag);

/** Number of tags of a template. The provider adds three in all, and one more for `reloadOn`. */
export const MAX_TEMPLATE_TAGS = MAX_TAGS - 2;

/** `tags` of a template. */
export const templateTagsField = () => tagsField("instance", MAX_TEMPLATE_TAGS);

/** Rejects tags in a template that the provider uses itself. */
export const checkTemplateTags = ({ tags }: Pick<Workload, "tags">): readonly CheckFailure[] =>
  tags.flatMap((tag, index) =>
    isReplicaTag(tag)
      ? [
          {
            property: `template.tags[${index}]`,
            reason: `"${tag}" is reserved for marking the replicas of a Service; choose another tag.`,
          },
        ]
      : [],
  );
