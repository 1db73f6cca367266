// Written by `npm run generate` from provider/resources. Do not edit.
import type * as pulumi from "@pulumi/pulumi";

/** A certificate, as it is reported. */
export interface CertificateInfo {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
  /** Creation time, RFC 3339. */
  readonly createdAt?: string | undefined;
  /** The domain it is for, without a dot at the end. */
  readonly commonName?: string | undefined;
  /** `pending`, `valid` or `error`. */
  readonly state?: string | undefined;
  /** Subject, once issued. */
  readonly subject?: string | undefined;
  /** Issuer, once issued. */
  readonly issuer?: string | undefined;
  /** Serial number in hexadecimal digits, once issued. */
  readonly serialNumber?: string | undefined;
  /** Valid from, RFC 3339. */
  readonly notBefore?: string | undefined;
  /** Valid until, RFC 3339. */
  readonly notAfter?: string | undefined;
}

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

/** An image, as the metro reports it. */
export interface ImageInfo {
  /** Reference with the digest. */
  readonly url: string;
  /** Creation time, RFC 3339. */
  readonly createdAt?: string | undefined;
  /** Size in bytes. */
  readonly sizeInBytes?: number | undefined;
  /** Arguments of its program. */
  readonly args: readonly string[];
  /** References by tag. */
  readonly tags: readonly string[];
}

/** An instance, as it is reported. */
export interface InstanceInfo {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
  /** State, such as `running`, `standby` or `stopped`. */
  readonly state: string;
  /** The image that runs, with its digest. */
  readonly image: string;
  /** Digest of the image that runs; empty when it is not reported. */
  readonly digest: string;
  /** Guest memory in MiB. */
  readonly memoryMb?: number | undefined;
  /** Virtual CPUs. */
  readonly vcpus?: number | undefined;
  /** `never`, `always` or `on-failure`. */
  readonly restartPolicy?: string | undefined;
  /** Creation time, RFC 3339. */
  readonly createdAt?: string | undefined;
  /** Time of the last start, RFC 3339; absent before the first. */
  readonly startedAt?: string | undefined;
  /** Time of the last stop, RFC 3339; absent before the first. */
  readonly stoppedAt?: string | undefined;
  /** Starts so far. */
  readonly startCount?: number | undefined;
  /** Restarts by the restart policy so far. */
  readonly restartCount?: number | undefined;
  /** Microseconds from the start until the guest's program ran. */
  readonly bootTimeUs?: number | undefined;
  /** Microseconds from the start until the program listened. */
  readonly netTimeUs?: number | undefined;
  /** Why it stopped, as a sentence; absent while it is up. */
  readonly stopReason?: string | undefined;
  /** Exit code of the program, after it exited. */
  readonly exitCode?: number | undefined;
  /** Address in the metro's private network. */
  readonly privateIp?: string | undefined;
  /** Name in the metro's private network. */
  readonly privateFqdn?: string | undefined;
  /** Tags. */
  readonly tags: readonly string[];
  /** Deletion is refused. */
  readonly deleteLock: boolean;
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

/** A metro. */
export interface MetroInfo {
  /** Code, as `unikernel:metro` takes it. */
  readonly name: string;
  /** URL of its API. */
  readonly endpoint: string;
  /** Code of the nearest airport. */
  readonly iataCode?: string | undefined;
  /** Country code. */
  readonly country?: string | undefined;
}

/** The most that the account may use. */
export interface QuotaHard {
  /** Instances. */
  readonly instances?: number | undefined;
  /** Instances that are not stopped. */
  readonly liveInstances?: number | undefined;
  /** Virtual CPUs of live instances. */
  readonly liveVcpus?: number | undefined;
  /** MiB of memory of live instances. */
  readonly liveMemoryMb?: number | undefined;
  /** Services. */
  readonly serviceGroups?: number | undefined;
  /** Published ports over all services. */
  readonly services?: number | undefined;
  /** Volumes. */
  readonly volumes?: number | undefined;
  /** MiB of all volumes. */
  readonly totalVolumeMb?: number | undefined;
}

/** Ranges for one object. */
export interface QuotaLimits {
  /** Least memory of an instance in MiB. */
  readonly minMemoryMb?: number | undefined;
  /** Most memory of an instance in MiB. */
  readonly maxMemoryMb?: number | undefined;
  /** Fewest virtual CPUs of an instance. */
  readonly minVcpus?: number | undefined;
  /** Most virtual CPUs of an instance. */
  readonly maxVcpus?: number | undefined;
  /** Smallest volume in MiB. */
  readonly minVolumeMb?: number | undefined;
  /** Largest volume in MiB. */
  readonly maxVolumeMb?: number | undefined;
  /** Fewest instances of an autoscaled service. */
  readonly minAutoscaleSize?: number | undefined;
  /** Most instances of an autoscaled service. */
  readonly maxAutoscaleSize?: number | undefined;
}

/** What is used of the account's quotas. */
export interface QuotaUse {
  /** Instances. */
  readonly instances?: number | undefined;
  /** Instances that are not stopped. */
  readonly liveInstances?: number | undefined;
  /** Virtual CPUs of live instances. */
  readonly liveVcpus?: number | undefined;
  /** MiB of memory of live instances. */
  readonly liveMemoryMb?: number | undefined;
  /** Services. */
  readonly serviceGroups?: number | undefined;
  /** Published ports over all services. */
  readonly services?: number | undefined;
  /** Volumes. */
  readonly volumes?: number | undefined;
  /** MiB of all volumes. */
  readonly totalVolumeMb?: number | undefined;
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

/** A service, as it is reported. */
export interface ServiceInfo {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
  /** Creation time, RFC 3339. */
  readonly createdAt?: string | undefined;
  /** False for one that goes with its last instance. */
  readonly persistent: boolean;
  /** An autoscale configuration decides how many instances there are. */
  readonly autoscale: boolean;
  /** Requests per instance before another one is woken. */
  readonly softLimit?: number | undefined;
  /** Most requests per instance. */
  readonly hardLimit?: number | undefined;
  /** Published ports. */
  readonly ports: readonly ServicePortInfo[];
  /** Domain names, without a dot at the end. */
  readonly fqdns: readonly string[];
  /** Its instances. */
  readonly instances: readonly ServiceMember[];
}

/** A replica. */
export interface ServiceInstance {
  /** UUID of the instance. */
  readonly uuid: string;
  /** Name of the instance. */
  readonly name: string;
}

/** An instance of a service. */
export interface ServiceMember {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
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

/** A published port, as it is reported. */
export interface ServicePortInfo {
  /** Public port. */
  readonly port: number;
  /** Port inside the instances. */
  readonly destinationPort?: number | undefined;
  /** `tcp` or `udp`. */
  readonly protocol?: string | undefined;
  /** `tls`, `http`, `redirect`. */
  readonly handlers: readonly string[];
}

/** A volume, as it is reported. */
export interface VolumeInfo {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
  /** State, such as `available` or `mounted`. */
  readonly state?: string | undefined;
  /** Creation time, RFC 3339. */
  readonly createdAt?: string | undefined;
  /** Size in MiB. */
  readonly sizeMb?: number | undefined;
  /** Free space in MiB, where it is reported. */
  readonly freeMb?: number | undefined;
  /** False for one that goes with its instance. */
  readonly persistent: boolean;
  /** File system, such as `ext4`. */
  readonly filesystem?: string | undefined;
  /** `rwo`, `rox` or `rwx`. */
  readonly accessMode?: string | undefined;
  /** `static` or `dynamic`. */
  readonly quotaPolicy?: string | undefined;
  /** Tags. */
  readonly tags: readonly string[];
  /** Deletion is refused. */
  readonly deleteLock: boolean;
  /** Instances that it is attached to. */
  readonly attachedTo: readonly VolumeUser[];
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

/** An instance that a volume is attached to. */
export interface VolumeUser {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
}
