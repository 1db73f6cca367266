/** The objects of UnikernelDeployment. Pure. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { budgetOf, spreadOf } from "../common/availability";
import { labelsOf, selectorOf } from "../common/labels";
import { metadataOf } from "../common/metadata";
import type { UnikernelPlan, UnikernelProbe } from "./plan";

const UNIKERNEL_PART = "unikernel";

/** Source: Kraftlet, annotations of pods and of Services. */
const [CLOUD_INSTANCES, CLOUD_SERVICES] = ["cloud.unikraft.v1.instances/", "cloud.unikraft.v1.services/"];

/** What tells a runtime how to run the image, and where the pod may run. */
interface Placement {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Pick<k8s.types.input.core.v1.PodSpec, "runtimeClassName" | "nodeSelector" | "tolerations">;
}

function placementOf({ runtime }: UnikernelPlan): Placement {
  // How to boot is in the image. Annotations of the pod could say it too, but its pause container has them as well, and urunc would try to
  // boot that as a unikernel.
  if (runtime.kind === "urunc")
    return {
      annotations: {},
      spec: { runtimeClassName: runtime.runtimeClass, nodeSelector: { "urunc.io/urunc-runtime": "true" } },
    };
  const { policy, stateful, cooldownTimeMs } = runtime.scaleToZero ?? {};
  const settings = { policy, stateful, cooldown_time_ms: cooldownTimeMs };
  return {
    annotations: Object.fromEntries(
      Object.entries(settings).flatMap(([key, value]) =>
        value === undefined ? [] : [[`${CLOUD_INSTANCES}scale_to_zero.${key}`, String(value)]],
      ),
    ),
    spec: {
      nodeSelector: { "unikraft.com/virtual-kubelet": "true" },
      tolerations: [{ key: "virtual-kubelet.io/provider", operator: "Equal", value: "ukc", effect: "NoSchedule" }],
    },
  };
}

const renderProbe = ({ port, path, periodMs, timeoutMs }: UnikernelProbe): k8s.types.input.core.v1.Probe => ({
  ...(path === undefined ? { tcpSocket: { port } } : { httpGet: { path, port } }),
  periodSeconds: periodMs / 1000,
  timeoutSeconds: timeoutMs / 1000,
});

function renderContainer(
  plan: UnikernelPlan,
  image: pulumi.Input<string>,
  secret: pulumi.Input<string> | undefined,
): k8s.types.input.core.v1.Container {
  const { env, ports, volumes, liveness, readiness, runtime } = plan;
  const args = runtime.kind === "urunc" ? runtime.args : undefined;
  const memory = `${plan.memoryMb}Mi`;
  const variables = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
  const inside = [...new Set(ports.map(({ port, destinationPort = port }) => destinationPort))];
  return {
    name: UNIKERNEL_PART,
    image,
    ...(args === undefined ? {} : { args }),
    resources: { requests: { memory }, limits: { memory } },
    ...(variables.length === 0 ? {} : { env: variables.map(([name, value]) => ({ name, value })) }),
    ...(secret === undefined ? {} : { envFrom: [{ secretRef: { name: secret } }] }),
    ...(inside.length === 0 ? {} : { ports: inside.map((containerPort) => ({ containerPort })) }),
    ...(liveness === undefined ? {} : { livenessProbe: renderProbe(liveness) }),
    ...(readiness === undefined ? {} : { readinessProbe: renderProbe(readiness) }),
    ...(volumes.length === 0
      ? {}
      : {
          volumeMounts: volumes.map((one, index) => ({
            name: `volume-${index}`,
            mountPath: one.at,
            readOnly: one.readonly,
          })),
        }),
  };
}

/**
 * With volumes, the old unikernel goes first: the cloud attaches a volume to one instance unless its access mode says otherwise, so that a
 * new one would wait for ever for what the old one holds.
 */
const strategyOf = ({ volumes }: UnikernelPlan): k8s.types.input.apps.v1.DeploymentStrategy => ({
  type: "RollingUpdate",
  rollingUpdate: volumes.length > 0 ? { maxSurge: 0, maxUnavailable: 1 } : { maxSurge: 1, maxUnavailable: 0 },
});

/**
 * The Deployment. Its pods have one container, since each container would be a VM of its own, and no security context: what it limits is
 * the VM monitor, which the runtime confines itself.
 *
 * @param secret name of the Secret with the secret variables; `undefined` for none
 */
export function renderUnikernels(
  plan: UnikernelPlan,
  image: pulumi.Input<string>,
  secret: pulumi.Input<string> | undefined,
): k8s.types.input.apps.v1.Deployment {
  const { annotations, spec } = placementOf(plan);
  const { instance, volumes, pullSecret } = plan;
  return {
    metadata: metadataOf(plan, UNIKERNEL_PART),
    spec: {
      replicas: plan.replicas,
      strategy: strategyOf(plan),
      selector: { matchLabels: selectorOf(instance, UNIKERNEL_PART) },
      template: {
        metadata: {
          labels: labelsOf(instance, UNIKERNEL_PART),
          ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
        },
        spec: {
          ...spec,
          topologySpreadConstraints: spreadOf(plan, UNIKERNEL_PART),
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          ...(pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
          containers: [renderContainer(plan, image, secret)],
          ...(volumes.length === 0
            ? {}
            : {
                volumes: volumes.map(({ claim }, index) => ({
                  name: `volume-${index}`,
                  persistentVolumeClaim: { claimName: claim },
                })),
              }),
        },
      },
    },
  };
}

/** Lets a node be drained one unikernel at a time; `undefined` for a single one, which would block the drain for ever. */
export const renderUnikernelBudget = (
  plan: UnikernelPlan,
): k8s.types.input.policy.v1.PodDisruptionBudget | undefined =>
  plan.replicas < 2 ? undefined : budgetOf(plan, UNIKERNEL_PART);

/** The Service; `undefined` without ports. There is one at most: a pod of the virtual kubelet backs no second one. */
export function renderUnikernelService(plan: UnikernelPlan): k8s.types.input.core.v1.Service | undefined {
  const { ports, runtime, instance } = plan;
  if (ports.length === 0) return undefined;
  const domain = runtime.kind === "virtualKubelet" ? runtime.domain : undefined;
  return {
    metadata: metadataOf(plan, UNIKERNEL_PART, domain === undefined ? {} : { [`${CLOUD_SERVICES}domain`]: domain }),
    spec: {
      type: "ClusterIP",
      selector: selectorOf(instance, UNIKERNEL_PART),
      ports: ports.map(({ port, destinationPort = port }) => ({
        name: `port-${port}`,
        port,
        targetPort: destinationPort,
        protocol: "TCP",
      })),
    },
  };
}

/** The Secret with the secret variables; `undefined` without any. A change makes a new one, which rolls the unikernels. */
export const renderUnikernelSecret = (
  plan: UnikernelPlan,
  values: Readonly<Record<string, pulumi.Input<string>>>,
): k8s.types.input.core.v1.Secret | undefined =>
  Object.keys(values).length === 0
    ? undefined
    : { metadata: metadataOf(plan, UNIKERNEL_PART), immutable: true, stringData: values };
