/** What pods may do: as little as they need. Source of the values: the Tyk charts 5.3.0, and the Pod Security Standard "restricted". */
import type * as k8s from "@pulumi/kubernetes";

/** The rights of a container: it changes nothing but its volumes. */
export const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} satisfies k8s.types.input.core.v1.SecurityContext;

/**
 * The rights of a pod.
 *
 * @param group the group that owns the volumes, so that the container's user may write to them
 * @param user the user; `undefined` for that of the image, which must not be root
 */
export const podSecurity = (group: number, user?: number): k8s.types.input.core.v1.PodSecurityContext => ({
  runAsNonRoot: true,
  ...(user === undefined ? {} : { runAsUser: user, runAsGroup: user }),
  fsGroup: group,
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
});
