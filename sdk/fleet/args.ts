/** Arguments of GatewayFleet. */
import type * as pulumi from "@pulumi/pulumi";
import type { GatewayImage, GatewayImageArgs } from "../gatewayImage";
import type { Provider } from "../provider";
import type { ServiceArgs } from "../service";
import type { RolloutGateArgs, ServicePortArgs } from "../types";

/** One metro of a fleet. */
export interface FleetMetroArgs {
  /** Name of the metro. Its resources are named after it. */
  readonly name: string;
  /** The metro. Default: the provider of the component. */
  readonly provider?: Provider | undefined;
  /** Number of gateways here. Default: the common `replicas`. */
  readonly replicas?: pulumi.Input<number> | undefined;
}

/** The Redis of a fleet: an address, or an image of which each metro runs an instance. */
export interface FleetRedisArgs {
  /** Host of a Redis that exists: an address, a domain, or the private name of an instance. */
  readonly host?: pulumi.Input<string> | undefined;
  /** Image of a Redis that each metro runs, reached by its private name, such as `redis:7.2`. Instead of `host`. */
  readonly image?: pulumi.Input<string> | GatewayImage | undefined;
  /** Memory of that instance in MiB. Default 256. Only with `image`. */
  readonly memoryMb?: pulumi.Input<number> | undefined;
  /**
   * Size in MiB of a volume for its data, which it finds at `/data`; its image must write there. Growing it restarts Redis. Default: no
   * volume, so that a restart loses the data. Only with `image`.
   */
  readonly sizeMb?: pulumi.Input<number> | undefined;
  /** Port of Redis. Default 6379. */
  readonly port?: pulumi.Input<number> | undefined;
  /** Password that gateways log in with; an instance of `image` gets it as REDIS_PASSWORD too. Secret. Default: none. */
  readonly password?: pulumi.Input<string> | undefined;
}

/** Variables by name. */
export type FleetVariables = { readonly [name: string]: pulumi.Input<string> };

/** Arguments of GatewayFleet. */
export interface GatewayFleetArgs {
  /** Image of the gateways. Give this or `build`. */
  readonly image?: pulumi.Input<string> | GatewayImage | undefined;
  /** Builds the image, as a GatewayImage of the fleet's name. */
  readonly build?: GatewayImageArgs | undefined;
  /** Number of gateways in each metro. Default 2. */
  readonly replicas?: pulumi.Input<number> | undefined;
  /** Memory of a gateway in MiB. Default: that of a Service. */
  readonly memoryMb?: pulumi.Input<number> | undefined;
  /** Port that the gateways listen on, 1 to 65,535. Default 8080. */
  readonly gatewayPort?: pulumi.Input<number> | undefined;
  /** Published ports. Default: 443 with TLS, to `gatewayPort`. */
  readonly ports?: pulumi.Input<readonly pulumi.Input<ServicePortArgs>[]> | undefined;
  /** Domains, as of a Service. Default: one that the metro chooses. */
  readonly domains?: ServiceArgs["domains"];
  /** Redis; gateways get REDIS_HOST, REDIS_PORT and REDIS_PASSWORD. Default: none. */
  readonly redis?: FleetRedisArgs | undefined;
  /** More variables of the gateways. Default: none. */
  readonly env?: FleetVariables | undefined;
  /** Variables whose values are secret. Default: none. */
  readonly secrets?: FleetVariables | undefined;
  /** What a gateway must answer before it gets traffic. Default: it listens. */
  readonly health?: pulumi.Input<RolloutGateArgs> | undefined;
  /** The metros in the order of their rollout, one wave each. Default: one metro, that of the component's provider. */
  readonly metros?: readonly FleetMetroArgs[] | undefined;
  /** How long a metro must keep running before the next one is updated, in milliseconds, 0 to 86,400,000. Default 60,000. Only with `metros`. */
  readonly bakeTimeMs?: pulumi.Input<number> | undefined;
  /** What becomes of the metros before one that fails, as of RolloutWaves. Default `stop`. Only with `metros`. */
  readonly onFailure?: "stop" | "rollback" | undefined;
  /** Other inputs of the services; members of `template` and `rollout` are replaced one by one. Default: none. */
  readonly service?: Partial<ServiceArgs> | undefined;
}
