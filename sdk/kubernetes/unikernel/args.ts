/** Arguments of UnikernelDeployment. */
import type * as pulumi from "@pulumi/pulumi";
import type { GatewayImage } from "../../gatewayImage";
import type { KubernetesVariables } from "../gateway/args";

/**
 * Runs each pod as a VM of a node with urunc, a container runtime that starts a VM monitor in place of a process. It needs an image that
 * says how urunc boots it, in an entry for `linux/amd64`. A GatewayImage has one if it is built for `qemu/x86_64` with its own kernel or that
 * of its runtime, its root file system is a CPIO archive, and it has no ROMs; else nodes cannot pull it.
 */
export interface UruncArgs {
  readonly kind: "urunc";
  /**
   * Command line of the program, such as `["/usr/bin/tyk", "start"]`. Default: that of the image. It and the variables are parameters of a
   * kernel, so that they must not contain blanks or quotes.
   */
  readonly args?: readonly string[] | undefined;
  /** Name of the cluster's RuntimeClass. Default `urunc`. */
  readonly runtimeClass?: string | undefined;
}

/** Runs each pod as an instance of Unikraft Cloud, through a virtual kubelet: a node of the cluster that stands for a metro. */
export interface VirtualKubeletArgs {
  readonly kind: "virtualKubelet";
  /** When an instance goes to standby. Default: as the labels of the image say. */
  readonly scaleToZero?: VirtualKubeletScaleToZeroArgs | undefined;
  /** Domain of the service in the cloud, such as `api.example.com`; needs `ports`. Default: one that the metro chooses. */
  readonly domain?: string | undefined;
}

/** When an instance of the virtual kubelet goes to standby. */
export interface VirtualKubeletScaleToZeroArgs {
  /** `on`: when no connection is open for the cooldown time; `idle`: also while open connections are idle; `off`: never. */
  readonly policy: "on" | "idle" | "off";
  /** Keep the memory during standby; false boots again at each wake. Default: the label of the image, else false. */
  readonly stateful?: boolean | undefined;
  /** Cooldown time before standby in milliseconds, 0 to 86,400,000. Default: the label of the image, else 1,000. */
  readonly cooldownTimeMs?: number | undefined;
}

/** A port of the unikernel that a Service publishes. */
export interface UnikernelPortArgs {
  /** Port of the Service, 1 to 65,535. In the cloud, 80 is HTTP, 443 HTTPS, and any other TLS. */
  readonly port: number;
  /** Port that the unikernel listens on. Default: `port`. */
  readonly destinationPort?: number | undefined;
}

/** A volume of the unikernel. */
export interface UnikernelVolumeArgs {
  /** Name of a PersistentVolumeClaim. */
  readonly claim: pulumi.Input<string>;
  /** Absolute path in the guest. */
  readonly at: string;
  /** Mounts it without writing. Default false. */
  readonly readonly?: boolean | undefined;
  /** Folder of the volume to mount. The virtual kubelet ignores it, so that it is rejected there. Default: the whole volume. */
  readonly subPath?: string | undefined;
}

/** A check of the unikernel by its node, over HTTP or by connecting. The virtual kubelet runs none, so that they are rejected there. */
export interface UnikernelProbeArgs {
  /** Port of the unikernel. */
  readonly port: number;
  /** Path to request. Default: it is enough that the port accepts a connection. */
  readonly path?: string | undefined;
  /** Time between checks in milliseconds, whole seconds from one up to an hour. Default 5,000. */
  readonly periodMs?: number | undefined;
  /** Time for an answer in milliseconds, whole seconds from one up to an hour. Default 3,000. */
  readonly timeoutMs?: number | undefined;
}

/** Arguments of UnikernelDeployment. */
export interface UnikernelDeploymentArgs {
  /** The image: a GatewayImage that is in a registry, or a reference such as its `ref`. */
  readonly image: GatewayImage | pulumi.Input<string>;
  /** What runs the pods. */
  readonly runtime: UruncArgs | VirtualKubeletArgs;
  /** Namespace of all objects. Default: that of the Kubernetes provider. */
  readonly namespace?: pulumi.Input<string> | undefined;
  /** Number of unikernels, 1 to 1,000. Default 2. */
  readonly replicas?: number | undefined;
  /** Memory in MiB, requested and at most, 16 to 1,048,576. Default 128. */
  readonly memoryMb?: number | undefined;
  /** Variables. Secret outputs are rejected; see `secrets`. Default: none. */
  readonly env?: KubernetesVariables | undefined;
  /** Variables whose values are secret, kept in a Secret. Default: none. */
  readonly secrets?: KubernetesVariables | undefined;
  /** Ports, which a Service publishes. Default: none, and no Service. */
  readonly ports?: readonly UnikernelPortArgs[] | undefined;
  /**
   * Volumes, which must be shareable for several `replicas`. An update stops a unikernel with volumes before it starts the next one. urunc
   * gives a unikernel no volumes, so that they are rejected there. Default: none.
   */
  readonly volumes?: readonly UnikernelVolumeArgs[] | undefined;
  /** When a unikernel is restarted. Default: when it ends. */
  readonly liveness?: UnikernelProbeArgs | undefined;
  /** When a unikernel gets traffic. Default: when it has started. */
  readonly readiness?: UnikernelProbeArgs | undefined;
  /** Name of the Secret with the login at the image's registry. Default: none. */
  readonly pullSecret?: pulumi.Input<string> | undefined;
}
