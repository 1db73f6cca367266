// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";
import type {
  RolloutGate,
  RolloutGateArgs,
  ServicePort,
  ServicePortArgs,
  WaveReference,
  WaveReferenceArgs,
  WaveService,
  WaveServiceArgs,
} from "./types";

/** Arguments of {@link RolloutWave}. */
export interface RolloutWaveArgs {
  /** Name of the wave, 1 to 100 characters. */
  readonly name: pulumi.Input<string>;
  /** The services of the wave. When one of them is another one, or has another revision, the wave bakes. */
  readonly services: pulumi.Input<readonly pulumi.Input<WaveServiceArgs>[]>;
  /** By name of the service: the tag that its replicas have. The wave fails if others run. Default: any replicas. */
  readonly tags?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** By name of the service: its published ports, to check the gate at preview. Default: not checked. */
  readonly ports?:
    pulumi.Input<Readonly<Record<string, pulumi.Input<readonly pulumi.Input<ServicePortArgs>[]>>>> | undefined;
  /** How long the replicas must keep running, and pass the gate, before the next wave begins, in milliseconds, 0 to 86,400,000. Default 60,000. */
  readonly bakeTimeMs?: pulumi.Input<number> | undefined;
  /** What is asked during the bake, through the published ports of each service, as a client would. `failureThreshold` failures in a row, 3 by default, fail the wave; with 0, only the last attempts count. Default: nothing is asked. */
  readonly gate?: pulumi.Input<RolloutGateArgs> | undefined;
  /** All waves in order, for messages. Default: this one alone. */
  readonly sequence?: pulumi.Input<readonly pulumi.Input<WaveReferenceArgs>[]> | undefined;
}

/** The end of one wave of a rollout: it waits until the services of the wave have run for a while and passed a gate, and fails otherwise. What depends on it comes afterwards. `RolloutWaves` creates one for each wave. */
export class RolloutWave extends UnikernelResource {
  /** Name of the wave, 1 to 100 characters. */
  declare readonly name: pulumi.Output<string>;
  /** The services of the wave. When one of them is another one, or has another revision, the wave bakes. */
  declare readonly services: pulumi.Output<readonly WaveService[]>;
  /** By name of the service: the tag that its replicas have. The wave fails if others run. Default: any replicas. */
  declare readonly tags: pulumi.Output<Readonly<Record<string, string>> | undefined>;
  /** By name of the service: its published ports, to check the gate at preview. Default: not checked. */
  declare readonly ports: pulumi.Output<Readonly<Record<string, readonly ServicePort[]>> | undefined>;
  /** How long the replicas must keep running, and pass the gate, before the next wave begins, in milliseconds, 0 to 86,400,000. Default 60,000. */
  declare readonly bakeTimeMs: pulumi.Output<number>;
  /** What is asked during the bake, through the published ports of each service, as a client would. `failureThreshold` failures in a row, 3 by default, fail the wave; with 0, only the last attempts count. Default: nothing is asked. */
  declare readonly gate: pulumi.Output<RolloutGate | undefined>;
  /** All waves in order, for messages. Default: this one alone. */
  declare readonly sequence: pulumi.Output<readonly WaveReference[] | undefined>;
  /** When the wave last passed, RFC 3339. */
  declare readonly passedAt: pulumi.Output<string>;
  /** By tag of the replicas: the revision that it stands for, of this pass and of the one before. */
  declare readonly revisions: pulumi.Output<Readonly<Record<string, string>>>;

  /**
   * Declares a RolloutWave.
   *
   * @param name resource name, unique among resources of this kind in the stack
   * @param args inputs
   * @param opts Pulumi's resource options
   */
  constructor(name: string, args: RolloutWaveArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("RolloutWave", args, ["name", "services"], opts);
    super(
      "RolloutWave",
      name,
      args,
      ["name", "services", "tags", "ports", "bakeTimeMs", "gate", "sequence", "passedAt", "revisions"],
      ["gate.headers", "revisions"],
      opts,
    );
  }

  /** Looks up an existing RolloutWave by id or name. It is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): RolloutWave {
    return new RolloutWave(name, {} as RolloutWaveArgs, { ...opts, id });
  }

  /** True if the value is a RolloutWave, even one created by another copy of this package. */
  static override isInstance(value: unknown): value is RolloutWave {
    return UnikernelResource.isOf("RolloutWave", value);
  }
}
