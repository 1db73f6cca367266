// Written by `npm run generate` from provider/resources. Do not edit.
import type * as pulumi from "@pulumi/pulumi";

/** What the service must answer while a new instance proves itself. As arguments. */
export interface HealthCheckArgs {
  /** Path asked with GET, such as `/hello`. */
  readonly path: pulumi.Input<string>;
  /** JSON paths in the body and the values they must have, such as `{ "$.status": "pass" }`. Default: any answer below HTTP 400. */
  readonly match?: pulumi.Input<Readonly<Record<string, pulumi.Input<string | number | boolean | null>>>> | undefined;
}

/** What the service must answer while a new instance proves itself. */
export interface HealthCheck {
  /** Path asked with GET, such as `/hello`. */
  readonly path: string;
  /** JSON paths in the body and the values they must have, such as `{ "$.status": "pass" }`. Default: any answer below HTTP 400. */
  readonly match: Readonly<Record<string, string | number | boolean | null>>;
}

/** What every replica runs. As arguments. */
export interface InstanceTemplateArgs {
  /** Image to boot: `image.ref` of a GatewayImage (`repository@sha256:…`), or a reference the metro's registry knows. */
  readonly image: pulumi.Input<string>;
  /** Complete argument list of the guest's program. Default: the image's own. */
  readonly args?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Environment variables, over those of the image. Kept secret in state. */
  readonly env?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Guest memory in MiB, at least 16. Default 128. */
  readonly memoryMb?: pulumi.Input<number> | undefined;
  /** Virtual CPUs. Default 1. */
  readonly vcpus?: pulumi.Input<number> | undefined;
  /** Volumes to mount. */
  readonly volumes?: pulumi.Input<readonly pulumi.Input<VolumeMountArgs>[]> | undefined;
  /** `always` (also after exit code 0), `on-failure`, or `never`. Default `always`: a replica is meant to serve. */
  readonly restartPolicy?: pulumi.Input<"never" | "always" | "on-failure"> | undefined;
  /** Default: never goes to standby. */
  readonly scaleToZero?: pulumi.Input<ScaleToZeroArgs> | undefined;
}

/** What every replica runs. */
export interface InstanceTemplate {
  /** Image to boot: `image.ref` of a GatewayImage (`repository@sha256:…`), or a reference the metro's registry knows. */
  readonly image: string;
  /** Complete argument list of the guest's program. Default: the image's own. */
  readonly args?: readonly string[] | undefined;
  /** Environment variables, over those of the image. Kept secret in state. */
  readonly env: Readonly<Record<string, string>>;
  /** Guest memory in MiB, at least 16. Default 128. */
  readonly memoryMb: number;
  /** Virtual CPUs. Default 1. */
  readonly vcpus: number;
  /** Volumes to mount. */
  readonly volumes: readonly VolumeMount[];
  /** `always` (also after exit code 0), `on-failure`, or `never`. Default `always`: a replica is meant to serve. */
  readonly restartPolicy: "never" | "always" | "on-failure";
  /** Default: never goes to standby. */
  readonly scaleToZero?: ScaleToZero | undefined;
}

/** How instances are replaced when the template changes. As arguments. */
export interface RolloutArgs {
  /** `rolling`: a few at a time. Default `rolling`. */
  readonly strategy?: pulumi.Input<"rolling"> | undefined;
  /** Extra instances allowed while rolling. Default 1. */
  readonly maxSurge?: pulumi.Input<number> | undefined;
  /** Missing instances allowed while rolling. Default 0. */
  readonly maxUnavailable?: pulumi.Input<number> | undefined;
  /** A new instance must have answered for so long, without a restart, before an old one goes. Default 0. */
  readonly stableForSeconds?: pulumi.Input<number> | undefined;
  /** A new instance that does not answer within this time is given up. Default 300. */
  readonly healthyWithinSeconds?: pulumi.Input<number> | undefined;
  /** Open connections of an old instance get so long to finish. Default 60. */
  readonly drainTimeoutSeconds?: pulumi.Input<number> | undefined;
  /** Asked of the service while a new instance is in it. Default: none. */
  readonly health?: pulumi.Input<HealthCheckArgs> | undefined;
}

/** How instances are replaced when the template changes. */
export interface Rollout {
  /** `rolling`: a few at a time. Default `rolling`. */
  readonly strategy: "rolling";
  /** Extra instances allowed while rolling. Default 1. */
  readonly maxSurge: number;
  /** Missing instances allowed while rolling. Default 0. */
  readonly maxUnavailable: number;
  /** A new instance must have answered for so long, without a restart, before an old one goes. Default 0. */
  readonly stableForSeconds: number;
  /** A new instance that does not answer within this time is given up. Default 300. */
  readonly healthyWithinSeconds: number;
  /** Open connections of an old instance get so long to finish. Default 60. */
  readonly drainTimeoutSeconds: number;
  /** Asked of the service while a new instance is in it. Default: none. */
  readonly health?: HealthCheck | undefined;
}

/** When an instance may go to standby, from which the next connection wakes it. As arguments. */
export interface ScaleToZeroArgs {
  /** `on`: after no connection for the cooldown; `idle`: also while idle connections are open; `off`: never. */
  readonly policy: pulumi.Input<"on" | "idle" | "off">;
  /** Keep the guest's memory across standby instead of booting afresh. Default false. */
  readonly stateful?: pulumi.Input<boolean> | undefined;
  /** Idle time before standby, in milliseconds, 0 to 86,400,000. Default 1000. */
  readonly cooldownTimeMs?: pulumi.Input<number> | undefined;
}

/** When an instance may go to standby, from which the next connection wakes it. */
export interface ScaleToZero {
  /** `on`: after no connection for the cooldown; `idle`: also while idle connections are open; `off`: never. */
  readonly policy: "on" | "idle" | "off";
  /** Keep the guest's memory across standby instead of booting afresh. Default false. */
  readonly stateful: boolean;
  /** Idle time before standby, in milliseconds, 0 to 86,400,000. Default 1000. */
  readonly cooldownTimeMs: number;
}

/** A replica. */
export interface ServiceInstance {
  /** UUID of the instance. */
  readonly uuid: string;
  /** Name of the instance. */
  readonly name: string;
}

/** A published port. As arguments. */
export interface ServicePortArgs {
  /** Public port, 1 to 65535. */
  readonly port: pulumi.Input<number>;
  /** Port in the guest, 1 to 65535; with the `redirect` handler the public port to send clients to. Default: the same as `port`. */
  readonly destinationPort?: pulumi.Input<number> | undefined;
  /** What the platform does with connections: `tls` ends TLS, `http` balances by request, `redirect` answers with a redirect. Port 80 needs `http`, 443 needs `http` and `tls`, any other takes `tls` alone or nothing (plain TCP). */
  readonly handlers?: pulumi.Input<readonly pulumi.Input<"tls" | "http" | "redirect">[]> | undefined;
}

/** A published port. */
export interface ServicePort {
  /** Public port, 1 to 65535. */
  readonly port: number;
  /** Port in the guest, 1 to 65535; with the `redirect` handler the public port to send clients to. Default: the same as `port`. */
  readonly destinationPort?: number | undefined;
  /** What the platform does with connections: `tls` ends TLS, `http` balances by request, `redirect` answers with a redirect. Port 80 needs `http`, 443 needs `http` and `tls`, any other takes `tls` alone or nothing (plain TCP). */
  readonly handlers: readonly ("tls" | "http" | "redirect")[];
}

/** A volume mounted into a guest. As arguments. */
export interface VolumeMountArgs {
  /** Id of the volume: `volume.id`. */
  readonly volume: pulumi.Input<string>;
  /** Absolute path in the guest; created when absent. */
  readonly at: pulumi.Input<string>;
  /** Mount without write access. Default false. */
  readonly readonly?: pulumi.Input<boolean> | undefined;
}

/** A volume mounted into a guest. */
export interface VolumeMount {
  /** Id of the volume: `volume.id`. */
  readonly volume: string;
  /** Absolute path in the guest; created when absent. */
  readonly at: string;
  /** Mount without write access. Default false. */
  readonly readonly: boolean;
}
