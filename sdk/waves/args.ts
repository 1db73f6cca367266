/** Arguments of RolloutWaves. */
import type * as pulumi from "@pulumi/pulumi";
import type { Provider } from "../provider";
import type { Service, ServiceArgs } from "../service";
import type { RolloutGateArgs } from "../types";

/** One wave: services that are rolled out together. */
export interface WaveArgs {
  /** Name of the wave, such as its metro. Its resources are named after it. */
  readonly name: string;
  /** Metro of the wave. Default: the provider of the component. */
  readonly provider?: Provider | undefined;
  /** What is different from the common `service` in this wave; members of `template` and `rollout` are replaced one by one. Default: nothing. */
  readonly service?: Partial<ServiceArgs> | undefined;
  /** Instead of the common `bakeTimeMs`. */
  readonly bakeTimeMs?: pulumi.Input<number> | undefined;
  /** Instead of the common `gate`. */
  readonly gate?: pulumi.Input<RolloutGateArgs> | undefined;
}

/**
 * Creates the services of a wave. Each must be created with these options, or with options that contain them: they carry its order, its
 * provider and its parent.
 */
export type CreateWaveServices = (wave: WaveArgs, opts: pulumi.CustomResourceOptions) => Service | readonly Service[];

/** Arguments of RolloutWaves. */
export interface RolloutWavesArgs {
  /** The waves in order, at least one. */
  readonly waves: readonly WaveArgs[];
  /** The service that each wave has, or a function that creates the services of a wave. */
  readonly service: ServiceArgs | CreateWaveServices;
  /** How long the replicas of a wave must keep running, and pass the gate, before the next wave begins, in milliseconds, 0 to 86,400,000. Default 60,000. */
  readonly bakeTimeMs?: pulumi.Input<number> | undefined;
  /** What is asked of each service of a wave while it bakes, through its published ports. Default: nothing is asked. */
  readonly gate?: pulumi.Input<RolloutGateArgs> | undefined;
  /**
   * What becomes of the waves before one that fails: with `stop` they keep the new template, with `rollback` those that this update changed
   * return to the template they had. The failed wave does what its services' `rollout.onFailure` says in both cases. Default `stop`.
   */
  readonly onFailure?: "stop" | "rollback" | undefined;
}
