/** Tags that mark the replicas of a Service. Its template cannot use them. Pure. */
import type { CheckFailure } from "../../definition/resource";
import { fingerprint } from "../workload/request";
import type { Workload } from "../workload/inputs";
import { isOwnershipMark } from "../common/ownershipMark";
import { MAX_TAGS, tagsField } from "../common/tags";

/** Marks instances that a Service created. It never touches other instances in its group. */
export const MANAGED_TAG = "managed-by:pulumi-unikernel";

/** The tag that identifies the template of an instance. */
export const TEMPLATE_TAG = /^template:[0-9a-f]{12}$/;

/** The {@link TEMPLATE_TAG} of a template. */
export const templateTag = (template: Partial<Workload>): string => `template:${fingerprint(template)}`;

/** True for a tag that the provider adds to replicas. */
export const isReplicaTag = (tag: string): boolean =>
  tag === MANAGED_TAG || TEMPLATE_TAG.test(tag) || isOwnershipMark(tag);

/** `tags` of a template, fewer than the limit because the provider adds three in all. */
export const templateTagsField = () => tagsField("instance", MAX_TAGS - 2);

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
