/**
 * Gateways and unikernels in a Kubernetes cluster: `import * as kubernetes from "pulumi-unikernel/kubernetes"`.
 *
 * Needs `@pulumi/kubernetes`, an optional peer dependency, which `pulumi-unikernel` itself does not load.
 */
export { GatewayOnKubernetes } from "./gateway/gatewayOnKubernetes";
export type {
  GatewayAutoscaleArgs,
  GatewayIngressArgs,
  GatewayOnKubernetesArgs,
  GatewayOperatorArgs,
  GatewayProbeArgs,
  GatewayProbesArgs,
  GatewayStorageArgs,
  KubernetesOwnRedisArgs,
  KubernetesTykArgs,
  KubernetesVariables,
} from "./gateway/args";
export type { GatewayReloadArgs, ReloadableGateway } from "./reload/args";
export { GatewayReload } from "./reload/gatewayReload";
export type {
  UnikernelDeploymentArgs,
  UnikernelPortArgs,
  UnikernelProbeArgs,
  UnikernelVolumeArgs,
  UruncArgs,
  VirtualKubeletArgs,
  VirtualKubeletScaleToZeroArgs,
} from "./unikernel/args";
export { UnikernelDeployment } from "./unikernel/unikernelDeployment";
