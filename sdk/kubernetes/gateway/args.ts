/** Arguments of GatewayOnKubernetes. */
import type * as pulumi from "@pulumi/pulumi";
import type { TykArgs, TykRedisArgs } from "../../tyk/args";

/** Variables by name. */
export type KubernetesVariables = { readonly [name: string]: pulumi.Input<string> };

/** Settings of Tyk: those of `unikernel.tyk` except paths, port and Redis, which the component sets. */
export type KubernetesTykArgs = Pick<
  TykArgs,
  "version" | "secret" | "nodeSecret" | "controlPlane" | "tags" | "hashKeyFunction" | "analytics"
>;

/** A Redis that the component runs as a StatefulSet of one pod, with its data on a volume. */
export interface KubernetesOwnRedisArgs {
  /** Image of Redis, such as `redis:7.2`; its user has the number 999, as in the official images. */
  readonly image: pulumi.Input<string>;
  /** Password of Redis. */
  readonly password: pulumi.Input<string>;
  /** Storage class of its volume, which only one pod mounts. Default: the default class of the cluster. */
  readonly storageClass?: string | undefined;
  /** Size of its volume in MiB, 1 to 16,777,216. Default 1024. */
  readonly sizeMb?: number | undefined;
  /** Memory in MiB, 16 to 1,048,576, of which data may take three quarters; beyond that, Redis refuses to write. Default 256. */
  readonly memoryMb?: number | undefined;
}

/** Volumes on which all gateways share API definitions, policies and middleware. */
export interface GatewayStorageArgs {
  /**
   * Storage class of the volumes. It is looked up in the cluster, and a class that cannot do what `accessMode` asks for fails the
   * preview. Default: the default class of the cluster, which is not checked.
   */
  readonly storageClass?: string | undefined;
  /** False for a program that may not read storage classes: then the class is not checked. Default true. */
  readonly lookUpClass?: boolean | undefined;
  /** `ReadWriteMany` for gateways on any node, `ReadWriteOnce` for gateways on one node. Default `ReadWriteMany`. */
  readonly accessMode?: "ReadWriteMany" | "ReadWriteOnce" | undefined;
  /**
   * True keeps all gateways on one node, which several of them with a `ReadWriteOnce` volume need. They then share the fate of that node:
   * there is no PodDisruptionBudget, because it would block draining the node for ever. Default false.
   */
  readonly singleNode?: boolean | undefined;
  /** Size of each of the three volumes in MiB, 1 to 16,777,216. Default 1024. */
  readonly sizeMb?: number | undefined;
}

/** A probe of the gateway by HTTP. */
export interface GatewayProbeArgs {
  /** Path on the control port. Default `/hello` for liveness and `/ready` for readiness. */
  readonly path?: string | undefined;
  /** Time before the first probe in milliseconds, whole seconds up to an hour. Default 5,000 for liveness, 1,000 for readiness. */
  readonly initialDelayMs?: number | undefined;
  /** Time between probes in milliseconds, whole seconds from one up to an hour. Default 10,000 for liveness, 5,000 for readiness. */
  readonly periodMs?: number | undefined;
  /** Time for an answer in milliseconds, whole seconds from one up to an hour. Default 3,000. */
  readonly timeoutMs?: number | undefined;
  /** Failures in a row that count, 1 to 1,000. Default 3. */
  readonly failureThreshold?: number | undefined;
}

/** Probes of the gateway. */
export interface GatewayProbesArgs {
  /** When a gateway is restarted. `/hello` also responds with 200 while Redis is away, so that an outage restarts nothing. */
  readonly liveness?: GatewayProbeArgs | undefined;
  /** When a gateway gets traffic. `/ready` responds with 503 until Redis is connected and the APIs are loaded. */
  readonly readiness?: GatewayProbeArgs | undefined;
}

/** How the cluster's Ingress controller leads to the gateways: everything below `path`, with the type `Prefix`. */
export interface GatewayIngressArgs {
  /** Class of the Ingress, such as `nginx`. */
  readonly className: string;
  /** Host of the requests, such as `api.example.com`. Default: any host. */
  readonly host?: string | undefined;
  /** Path that requests begin with. Default `/`. */
  readonly path?: string | undefined;
  /** Name of the Secret with the certificate of `host`. Default: no TLS. */
  readonly tlsSecret?: pulumi.Input<string> | undefined;
  /** Annotations for the controller. Default: none. */
  readonly annotations?: { readonly [key: string]: pulumi.Input<string> } | undefined;
}

/** More gateways under load, by a HorizontalPodAutoscaler. */
export interface GatewayAutoscaleArgs {
  /** Fewest gateways, 1 to 1,000. Default: `replicas`. */
  readonly minReplicas?: number | undefined;
  /** Most gateways, up to 1,000. */
  readonly maxReplicas: number;
  /** Mean use of the processor to keep, in percent of `cpuMillis`, 1 to 1,000. Default 60. */
  readonly cpuPercent?: number | undefined;
}

/**
 * Objects of the Tyk operator, which must be installed in the cluster: it writes the APIs and policies to the gateways, as the one
 * writer of their volumes, and reloads all of them.
 */
export interface GatewayOperatorArgs {
  /**
   * Each ApiDefinition: a key and its `spec`. Its object is called `<name of the component>-<key>`, so that gateways in one namespace may
   * have the same keys; policies refer to it by that name. Default: none.
   */
  readonly apis?: { readonly [name: string]: object } | undefined;
  /** Each SecurityPolicy: a key and its `spec`. Its object is called as those of `apis`. Default: none. */
  readonly policies?: { readonly [name: string]: object } | undefined;
  /** Organisation of the gateways. Default `default`. */
  readonly organisation?: string | undefined;
}

/** Arguments of GatewayOnKubernetes. */
export interface GatewayOnKubernetesArgs {
  /** Container image of the gateway, such as `docker.tyk.io/tyk-gateway/tyk-gateway:v5.8.3`. It must not run as root. */
  readonly image: pulumi.Input<string>;
  /** Settings of Tyk, at least its version and secret. */
  readonly tyk: KubernetesTykArgs;
  /** The Redis of these gateways: an address as of `unikernel.tyk`, or an image that the component runs. */
  readonly redis: TykRedisArgs | KubernetesOwnRedisArgs;
  /** Namespace of all objects. Default: that of the Kubernetes provider. */
  readonly namespace?: pulumi.Input<string> | undefined;
  /** Number of gateways, 1 to 1,000. Default 2. */
  readonly replicas?: number | undefined;
  /** Volumes of the gateways. Default: three with `ReadWriteMany`, or none with `tyk.controlPlane`, which provides what they hold. */
  readonly storage?: GatewayStorageArgs | undefined;
  /** Memory of a gateway in MiB, requested and at most, 16 to 1,048,576. Default 512. */
  readonly memoryMb?: number | undefined;
  /** Requested share of a processor in thousandths, 1 to 1,024,000. Default 250. */
  readonly cpuMillis?: number | undefined;
  /** More variables of the gateways. They override what `tyk` sets in the configuration file. Secret outputs are rejected. Default: none. */
  readonly env?: KubernetesVariables | undefined;
  /** More variables whose values are secret, kept in the component's Secret. Default: none. */
  readonly secrets?: KubernetesVariables | undefined;
  /** Probes of the gateways. Default: those described there. */
  readonly probes?: GatewayProbesArgs | undefined;
  /** How clients outside the cluster reach the gateways. Default: not at all. */
  readonly ingress?: GatewayIngressArgs | undefined;
  /** Default: `replicas` gateways, always. */
  readonly autoscale?: GatewayAutoscaleArgs | undefined;
  /** Default: no objects of the Tyk operator. */
  readonly operator?: GatewayOperatorArgs | undefined;
}
