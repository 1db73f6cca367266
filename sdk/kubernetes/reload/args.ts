/** Arguments of GatewayReload. */
import type * as pulumi from "@pulumi/pulumi";

/** Gateways that GatewayReload can reload: a GatewayOnKubernetes, or others of which these are known. */
export interface ReloadableGateway {
  /** URL of the gateways' own API inside the cluster, such as `http://gateway-control.edge.svc:9696`. */
  readonly controlUrl: pulumi.Input<string>;
  /** Password of that API. */
  readonly secret: pulumi.Input<string>;
  /** Namespace to run the request in. */
  readonly namespace: pulumi.Input<string>;
}

/** Arguments of GatewayReload. */
export interface GatewayReloadArgs {
  /** The gateways. */
  readonly gateway: ReloadableGateway;
  /**
   * Values that stand for the configuration that the gateways load, such as the texts of API definitions, as `reloadOn` of a Service: when
   * they change, the gateways load it again. They may be secret; the cluster gets a hash of them, in a Secret.
   */
  readonly reloadOn: pulumi.Input<readonly pulumi.Input<unknown>[]>;
  /**
   * How long a request is tried again that finds no gateway, or one that responds with a status from 500 on. Milliseconds, whole seconds
   * up to an hour. Default 120,000. Any other response than success fails the update at once.
   */
  readonly withinMs?: number | undefined;
  /** Image with curl 7.55 or later. Default `curlimages/curl:8.10.1`. */
  readonly image?: pulumi.Input<string> | undefined;
}
