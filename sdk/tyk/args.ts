/** What {@link tyk} takes and returns. */
import type * as pulumi from "@pulumi/pulumi";
import type { ReloadArgs, RolloutGateArgs, ScaleToZeroArgs } from "../types";

/** Settings of a Tyk gateway. */
export interface TykArgs {
  /** Version of the gateway in the image, such as `5.8.3`. From 5.8.3 on it has an endpoint for readiness. */
  readonly version: string;
  /** Password of the gateway's own API below `/tyk/`. The public default of Tyk's examples is rejected. */
  readonly secret: pulumi.Input<string>;
  /** Signs the messages that the gateways of one Redis send each other, so it must be the same for all of them. Default: `secret`. */
  readonly nodeSecret?: pulumi.Input<string> | undefined;
  /** The Redis of this data plane. */
  readonly redis: TykRedisArgs;
  /** The control plane that provides APIs, policies and keys through MDCB. Default: none; APIs and policies are files of the image. */
  readonly controlPlane?: TykControlPlaneArgs | undefined;
  /** Port that the gateway listens on, 1 to 65535; the `destinationPort` of the Service. Default 8080. */
  readonly listenPort?: number | undefined;
  /** Loads only APIs with one of these tags from the control plane. Default: all APIs. */
  readonly tags?: readonly string[] | undefined;
  /** Where the configuration file is in the guest, the value of `--conf`. Default `/etc/tyk.conf`. */
  readonly configPath?: string | undefined;
  /** Folder with the error templates in the guest. Default `/tyk/templates`. */
  readonly templatePath?: string | undefined;
  /** Folder with API definitions in the guest, for a gateway without control plane. Default `/opt/tyk-gateway/apps`. */
  readonly appPath?: string | undefined;
  /** Folder with plugins in the guest. Default `/opt/tyk-gateway/middleware`. */
  readonly middlewarePath?: string | undefined;
  /** File with policies in the guest, for a gateway without control plane. Default: no policies. */
  readonly policyFile?: string | undefined;
  /** Hash of keys in Redis. It must be the one of the control plane. Default `murmur64`. */
  readonly hashKeyFunction?: "murmur32" | "murmur64" | "murmur128" | "sha256" | undefined;
  /** Sends analytics through MDCB. Default false. */
  readonly analytics?: boolean | undefined;
}

/** The Redis of a data plane. Set either `host` or `addresses`. */
export interface TykRedisArgs {
  /** Host, such as the `privateFqdn` of an Instance. */
  readonly host?: pulumi.Input<string> | undefined;
  /** Port, 1 to 65535. Default 6379. */
  readonly port?: number | undefined;
  /** Hosts, each `host:port`; several need `cluster`. */
  readonly addresses?: readonly pulumi.Input<string>[] | undefined;
  /** Password. Default: none. */
  readonly password?: pulumi.Input<string> | undefined;
  /** User name; needs `password`. Default: none. */
  readonly username?: string | undefined;
  /** Number of the database, from 0; a cluster has only 0. Default 0. */
  readonly database?: number | undefined;
  /** Connects with TLS. Default false. */
  readonly useSsl?: boolean | undefined;
  /** The addresses are those of a Redis cluster. Default false. */
  readonly cluster?: boolean | undefined;
}

/** How a data plane reaches its control plane. */
export interface TykControlPlaneArgs {
  /** Address of MDCB, `host:port` without a scheme. */
  readonly connectionString: pulumi.Input<string>;
  /** API key of the Dashboard user that the gateway acts as. */
  readonly apiKey: pulumi.Input<string>;
  /** ID of the organisation. */
  readonly organisationId: pulumi.Input<string>;
  /** Name of this data plane: equal for all gateways of one Redis, unique among all data planes. */
  readonly groupId: pulumi.Input<string>;
  /** Connects with TLS. Without it the API key crosses the network in clear. Default true. */
  readonly useSsl?: boolean | undefined;
  /** Accepts any certificate; needs `useSsl`. Default false. */
  readonly insecureSkipVerify?: boolean | undefined;
}

/** What a GatewayImage and a Service take to run a Tyk gateway. */
export interface TykGateway {
  /** The configuration file, for `files` of the GatewayImage. It has no secrets. */
  readonly files: Readonly<Record<string, string>>;
  /** Secrets, and what differs between data planes, for `template.env` of the Service. The values are secrets. */
  readonly env: Readonly<Record<string, pulumi.Output<string>>>;
  /** The readiness of the gateway, for `rollout.gate` of the Service. */
  readonly gate: RolloutGateArgs;
  /** When the gateway may go to standby, for `template.scaleToZero` of the Service. */
  readonly scaleToZero: ScaleToZeroArgs;
  /** How a gateway loads its APIs and policies again, for `reload` of a Service with `reloadOn`. */
  readonly reload: ReloadArgs;
  /** For `destinationPort` of the Service. */
  readonly listenPort: number;
}
