/** The component's own Redis: one pod that keeps its data on a volume, since it holds the keys of the gateways' clients. Pure. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { labelsOf, selectorOf } from "../common/labels";
import { metadataOf } from "../common/metadata";
import { CONTAINER_SECURITY, podSecurity } from "../common/security";
import { GATEWAY_PART } from "./deployment";
import type { GatewayPlan, OwnRedis } from "./plan";

/** Port of Redis. */
export const REDIS_PORT = 6379;

const REDIS_PART = "redis";
/** User and group of the official images. */
const REDIS_USER = 999;
const DATA_FOLDER = "/data";
/**
 * Share of the memory for data. At its limit, Redis refuses to write and keeps every key; without one, the cluster would end it, and again
 * while it reads its file. The rest is for connections and the copy that rewrites the file.
 */
const DATA_SHARE = 0.75;
const PASSWORD_KEY = "REDIS_PASSWORD";

/** The Secret with the password. It is replaced, not changed, so that Redis and the gateways restart with the new one. */
export const renderRedisSecret = (
  plan: GatewayPlan,
  password: pulumi.Input<string>,
): k8s.types.input.core.v1.Secret => ({
  metadata: metadataOf(plan, REDIS_PART),
  immutable: true,
  stringData: { [PASSWORD_KEY]: password },
});

/** The Service that the gateways connect to. */
export const renderRedisService = (plan: GatewayPlan): k8s.types.input.core.v1.Service => ({
  metadata: metadataOf(plan, REDIS_PART),
  spec: {
    type: "ClusterIP",
    selector: selectorOf(plan.instance, REDIS_PART),
    ports: [{ name: "redis", port: REDIS_PORT, targetPort: "redis", protocol: "TCP" }],
  },
});

/**
 * Lets no other pods connect to Redis than the gateways. Policies add up, so that another one lets in what else needs it. A cluster whose
 * network does not enforce policies ignores it.
 */
export const renderRedisPolicy = (plan: GatewayPlan): k8s.types.input.networking.v1.NetworkPolicy => ({
  metadata: metadataOf(plan, REDIS_PART),
  spec: {
    podSelector: { matchLabels: selectorOf(plan.instance, REDIS_PART) },
    policyTypes: ["Ingress"],
    ingress: [
      {
        from: [{ podSelector: { matchLabels: selectorOf(plan.instance, GATEWAY_PART) } }],
        ports: [{ port: REDIS_PORT, protocol: "TCP" }],
      },
    ],
  },
});

/**
 * The StatefulSet, whose one claim belongs to its one pod.
 *
 * @param service name of the Service
 * @param secret name of the Secret
 */
export function renderRedis(
  plan: GatewayPlan,
  { image, storageClass, sizeMb, memoryMb }: OwnRedis,
  service: pulumi.Input<string>,
  secret: pulumi.Input<string>,
): k8s.types.input.apps.v1.StatefulSet {
  const memory = `${memoryMb}Mi`;
  const probe = { tcpSocket: { port: "redis" }, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 };
  return {
    metadata: metadataOf(plan, REDIS_PART),
    spec: {
      replicas: 1,
      serviceName: service,
      selector: { matchLabels: selectorOf(plan.instance, REDIS_PART) },
      template: {
        metadata: { labels: labelsOf(plan.instance, REDIS_PART) },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: podSecurity(REDIS_USER, REDIS_USER),
          containers: [
            {
              name: REDIS_PART,
              image,
              // The cluster replaces the variable, so that the manifest does not have the password.
              args: [
                "redis-server",
                "--requirepass",
                `$(${PASSWORD_KEY})`,
                "--appendonly",
                "yes",
                "--dir",
                DATA_FOLDER,
                "--maxmemory",
                `${Math.floor(memoryMb * DATA_SHARE)}mb`,
              ],
              ports: [{ name: "redis", containerPort: REDIS_PORT }],
              env: [{ name: PASSWORD_KEY, valueFrom: { secretKeyRef: { name: secret, key: PASSWORD_KEY } } }],
              resources: { requests: { cpu: "100m", memory }, limits: { memory } },
              livenessProbe: probe,
              readinessProbe: probe,
              securityContext: CONTAINER_SECURITY,
              volumeMounts: [{ name: "data", mountPath: DATA_FOLDER }],
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: "data", labels: labelsOf(plan.instance, REDIS_PART) },
          spec: {
            accessModes: ["ReadWriteOnce"],
            ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
            resources: { requests: { storage: `${sizeMb}Mi` } },
          },
        },
      ],
    },
  };
}
