/** The Deployment of the gateways. Pure. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { NODE_KEY, spreadOf } from "../common/availability";
import { labelsOf, selectorOf } from "../common/labels";
import { metadataOf } from "../common/metadata";
import { CONTAINER_SECURITY, podSecurity } from "../common/security";
// Two statements: TypeScript 3.8, which Pulumi bundles, reads these declarations.
import type { GatewayConfiguration, SharedFolder } from "./configuration";
import {
  CONFIG_FILE,
  CONFIG_FOLDER,
  CONTROL_PORT,
  GATEWAY_PORT,
  PARENT_FOLDER,
  SHARED_FOLDERS,
  TEMPORARY_FOLDER,
} from "./configuration";
import type { GatewayPlan, GatewayProbe } from "./plan";

/** The part of the component that the pods of the Deployment are. */
export const GATEWAY_PART = "gateway";

/** Group of the shared volumes. Source: the Tyk charts 5.3.0. */
const VOLUME_GROUP = 2_000;

/**
 * Seconds that a gateway goes on serving after it was taken out of its Services, which the other nodes learn with a delay. The image has
 * no shell, so that only the handler `sleep` works.
 */
const DRAIN_SECONDS = 5;
const TERMINATION_SECONDS = 30;

/** Seconds that a gateway must stay ready before the next one is replaced. Source: the Tyk charts 5.3.0. */
const READY_SECONDS = 5;

/** Names of the objects that the pods use. */
export interface GatewayReferences {
  readonly config: pulumi.Input<string>;
  readonly secret: pulumi.Input<string>;
  /** Empty for gateways without volumes. */
  readonly claims: Readonly<Partial<Record<SharedFolder, pulumi.Input<string>>>>;
}

/** With a disk of one node, the old gateway goes first: the new one could not mount what another node still holds. */
const strategyOf = ({ storage }: GatewayPlan): k8s.types.input.apps.v1.DeploymentStrategy => ({
  type: "RollingUpdate",
  rollingUpdate:
    storage?.accessMode === "ReadWriteOnce" ? { maxSurge: 0, maxUnavailable: 1 } : { maxSurge: 1, maxUnavailable: 0 },
});

/** All on one node, or spread over the nodes as far as there are some. */
function placementOf(
  plan: GatewayPlan,
): Pick<k8s.types.input.core.v1.PodSpec, "affinity" | "topologySpreadConstraints"> {
  if (!plan.isPinned) return { topologySpreadConstraints: spreadOf(plan, GATEWAY_PART) };
  const labelSelector = { matchLabels: selectorOf(plan.instance, GATEWAY_PART) };
  const together = [{ labelSelector, topologyKey: NODE_KEY }];
  return { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: together } } };
}

const toSeconds = (ms: number): number => ms / 1000;

const renderProbe = (probe: GatewayProbe): k8s.types.input.core.v1.Probe => ({
  httpGet: { path: probe.path, port: "control" },
  initialDelaySeconds: toSeconds(probe.initialDelayMs),
  periodSeconds: toSeconds(probe.periodMs),
  timeoutSeconds: toSeconds(probe.timeoutMs),
  failureThreshold: probe.failureThreshold,
});

/** Variables in the order of their names, so that the order in the program changes nothing. */
const renderVariables = (variables: GatewayConfiguration["env"]): k8s.types.input.core.v1.EnvVar[] =>
  Object.entries(variables)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value }));

function renderContainer(
  plan: GatewayPlan,
  { env }: GatewayConfiguration,
  { secret, claims }: GatewayReferences,
): k8s.types.input.core.v1.Container {
  const memory = `${plan.memoryMb}Mi`;
  return {
    name: GATEWAY_PART,
    image: plan.image,
    args: [`--conf=${CONFIG_FOLDER}/${CONFIG_FILE}`],
    ports: [
      { name: "http", containerPort: GATEWAY_PORT },
      { name: "control", containerPort: CONTROL_PORT },
    ],
    env: renderVariables(env),
    envFrom: [{ secretRef: { name: secret } }],
    resources: { requests: { cpu: `${plan.cpuMillis}m`, memory }, limits: { memory } },
    livenessProbe: renderProbe(plan.probes.liveness),
    readinessProbe: renderProbe(plan.probes.readiness),
    lifecycle: { preStop: { sleep: { seconds: DRAIN_SECONDS } } },
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      { name: "config", mountPath: CONFIG_FOLDER, readOnly: true },
      { name: "tmp", mountPath: TEMPORARY_FOLDER },
      ...(foldersIn(claims).length === 0 ? [{ name: "own", mountPath: PARENT_FOLDER }] : []),
      ...foldersIn(claims).map((folder) => ({ name: folder, mountPath: SHARED_FOLDERS[folder] })),
    ],
  };
}

const foldersIn = (claims: GatewayReferences["claims"]): readonly SharedFolder[] =>
  (Object.keys(SHARED_FOLDERS) as SharedFolder[]).filter((folder) => claims[folder] !== undefined);

/** The Deployment. */
export const renderDeployment = (
  plan: GatewayPlan,
  configuration: GatewayConfiguration,
  references: GatewayReferences,
): k8s.types.input.apps.v1.Deployment => ({
  // Without an autoscaler the number is the program's, also where one that is gone, or somebody by hand, has set another.
  metadata: metadataOf(plan, GATEWAY_PART, plan.autoscale === undefined ? { "pulumi.com/patchForce": "true" } : {}),
  spec: {
    // With an autoscaler a start, which it changes: left out, the cluster would stop all gateways but one before it goes on.
    replicas: plan.fewestReplicas,
    minReadySeconds: READY_SECONDS,
    strategy: strategyOf(plan),
    selector: { matchLabels: selectorOf(plan.instance, GATEWAY_PART) },
    template: {
      metadata: {
        labels: labelsOf(plan.instance, GATEWAY_PART),
        annotations: { "checksum/config": configuration.checksum },
      },
      spec: {
        ...placementOf(plan),
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: podSecurity(VOLUME_GROUP),
        terminationGracePeriodSeconds: TERMINATION_SECONDS,
        containers: [renderContainer(plan, configuration, references)],
        volumes: [
          { name: "config", configMap: { name: references.config } },
          { name: "tmp", emptyDir: {} },
          // With a control plane, a gateway keeps plugins for itself.
          ...(foldersIn(references.claims).length === 0 ? [{ name: "own", emptyDir: {} }] : []),
          ...foldersIn(references.claims).map((folder) => ({
            name: folder,
            persistentVolumeClaim: { claimName: references.claims[folder] ?? "" },
          })),
        ],
      },
    },
  },
});
