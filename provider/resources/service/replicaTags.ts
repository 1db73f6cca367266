/** Tags that mark the replicas of a Service; its template cannot use them. Pure. */
import type { CheckFailure } from "../../definition/resource";
import { fingerprint } from "../workload/request";
import type { Workload } from "../workload/inputs";
import { isOwnershipMark } from "../common/ownershipMark";
import { MAX_TAGS, tagsField } from "../common/tags";

/** Marks instances that a Service resource made; others in the same service group are left alone. */
export const MANAGED_TAG = "managed-by:pulumi-unikernel";

const TEMPLATE_TAG = /^template:[0-9a-f]{12}$/;

/** Tells from which template an instance was made. */
export const templateTag = (template: Partial<Workload>): string => `template:${fingerprint(template)}`;

/** Is it one of the tags that replicas have beside those of their template? */
export const isReplicaTag = (tag: string): boolean =>
  tag === MANAGED_TAG || TEMPLATE_TAG.test(tag) || isOwnershipMark(tag);

/** `tags` of a template: beside the ownership mark, replicas have two more. */
export const templateTagsField = () => tagsField("instance", MAX_TAGS - 2);

/** No tag of a template may pass for one of these. */
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
