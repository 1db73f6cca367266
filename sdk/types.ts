// Written by `npm run generate` from provider/resources. Do not edit.
import type * as pulumi from "@pulumi/pulumi";

/** A network interface that an instance has. */
export interface AttachedInterface {
  /** UUID of the interface. */
  readonly uuid: string;
  /** Its name, where it has one. */
  readonly name: string;
  /** Its address. */
  readonly privateIp: string;
  /** Its hardware address. */
  readonly mac: string;
}

/** When the platform deletes an instance by itself. As arguments. */
export interface AutokillArgs {
  /** Milliseconds after a stop. Default 0: never for that reason. */
  readonly timeMs?: pulumi.Input<number> | undefined;
  /** Number of requests served. Default 0: never for that reason. */
  readonly numRequests?: pulumi.Input<number> | undefined;
}

/** When the platform deletes an instance by itself. */
export interface Autokill {
  /** Milliseconds after a stop. Default 0: never for that reason. */
  readonly timeMs: number;
  /** Number of requests served. Default 0: never for that reason. */
  readonly numRequests: number;
}

/** How many instances the platform itself runs in a service. As arguments. */
export interface AutoscaleArgs {
  /** Id or name of the instance template that instances are made from. */
  readonly template: pulumi.Input<string>;
  /** Fewest instances, within the account's limits. Default 1. */
  readonly minSize?: pulumi.Input<number> | undefined;
  /** Most instances, within the account's limits. Default 4. */
  readonly maxSize?: pulumi.Input<number> | undefined;
  /** Metrics ignore a new instance for so long, in milliseconds. Default 1000. */
  readonly warmupTimeMs?: pulumi.Input<number> | undefined;
  /** Pause between two decisions, in milliseconds. Default 1000. */
  readonly cooldownTimeMs?: pulumi.Input<number> | undefined;
  /** Up to 8 policies; added and removed one by one. Default: none. */
  readonly policies?: pulumi.Input<readonly pulumi.Input<AutoscalePolicyArgs>[]> | undefined;
}

/** How many instances the platform itself runs in a service. */
export interface Autoscale {
  /** Id or name of the instance template that instances are made from. */
  readonly template: string;
  /** Fewest instances, within the account's limits. Default 1. */
  readonly minSize: number;
  /** Most instances, within the account's limits. Default 4. */
  readonly maxSize: number;
  /** Metrics ignore a new instance for so long, in milliseconds. Default 1000. */
  readonly warmupTimeMs: number;
  /** Pause between two decisions, in milliseconds. Default 1000. */
  readonly cooldownTimeMs: number;
  /** Up to 8 policies; added and removed one by one. Default: none. */
  readonly policies: readonly AutoscalePolicy[];
}

/** When the number of instances changes. As arguments. */
export interface AutoscalePolicyArgs {
  /** Name of the policy, unique in its service. */
  readonly name: pulumi.Input<string>;
  /** `step`: by a metric; `on-demand`: an instance per demand; `create`: after a number of requests; `idle`: removes what is idle. */
  readonly type: pulumi.Input<"step" | "on-demand" | "create" | "idle">;
  /** False: it is kept and does nothing. Default true. */
  readonly enabled?: pulumi.Input<boolean> | undefined;
  /** Of `step`, required: `cpu` (millicores), `inflight_reqs`, or `reqs_per_sec`. */
  readonly metric?: pulumi.Input<"cpu" | "inflight_reqs" | "reqs_per_sec"> | undefined;
  /** Of `step`, required: how each `adjustment` counts. `change`: so many more or fewer; `exact`: so many in all; `percent`: so many percent more or fewer. */
  readonly adjustmentType?: pulumi.Input<"change" | "exact" | "percent"> | undefined;
  /** Of `step`, required: up to 4 steps in the order of their bounds, without a gap or an overlap. */
  readonly steps?: pulumi.Input<readonly pulumi.Input<AutoscaleStepArgs>[]> | undefined;
  /** Of `step`: share of its limit, 0 to 1. */
  readonly highWatermark?: pulumi.Input<number> | undefined;
  /** Of `on-demand`: no instance serves two demands. */
  readonly exclusive?: pulumi.Input<boolean> | undefined;
  /** Of `create`, required: number of requests. */
  readonly numRequests?: pulumi.Input<number> | undefined;
  /** Of `create`: the new instance replaces one. */
  readonly replace?: pulumi.Input<boolean> | undefined;
  /** Of `idle`, required: milliseconds without work after which an instance goes. */
  readonly idleTimeMs?: pulumi.Input<number> | undefined;
}

/** When the number of instances changes. */
export interface AutoscalePolicy {
  /** Name of the policy, unique in its service. */
  readonly name: string;
  /** `step`: by a metric; `on-demand`: an instance per demand; `create`: after a number of requests; `idle`: removes what is idle. */
  readonly type: "step" | "on-demand" | "create" | "idle";
  /** False: it is kept and does nothing. Default true. */
  readonly enabled: boolean;
  /** Of `step`, required: `cpu` (millicores), `inflight_reqs`, or `reqs_per_sec`. */
  readonly metric?: "cpu" | "inflight_reqs" | "reqs_per_sec" | undefined;
  /** Of `step`, required: how each `adjustment` counts. `change`: so many more or fewer; `exact`: so many in all; `percent`: so many percent more or fewer. */
  readonly adjustmentType?: "change" | "exact" | "percent" | undefined;
  /** Of `step`, required: up to 4 steps in the order of their bounds, without a gap or an overlap. */
  readonly steps?: readonly AutoscaleStep[] | undefined;
  /** Of `step`: share of its limit, 0 to 1. */
  readonly highWatermark?: number | undefined;
  /** Of `on-demand`: no instance serves two demands. */
  readonly exclusive?: boolean | undefined;
  /** Of `create`, required: number of requests. */
  readonly numRequests?: number | undefined;
  /** Of `create`: the new instance replaces one. */
  readonly replace?: boolean | undefined;
  /** Of `idle`, required: milliseconds without work after which an instance goes. */
  readonly idleTimeMs?: number | undefined;
}

/** What to do while a metric is within bounds. As arguments. */
export interface AutoscaleStepArgs {
  /** Instances to add (or, below 0, to remove), instances to have, or percent to add, as `adjustmentType` says. */
  readonly adjustment: pulumi.Input<number>;
  /** The metric from which it applies. Default, for the first step: none. */
  readonly lowerBound?: pulumi.Input<number> | undefined;
  /** The metric up to which it applies. Default, for the last step: none. */
  readonly upperBound?: pulumi.Input<number> | undefined;
}

/** What to do while a metric is within bounds. */
export interface AutoscaleStep {
  /** Instances to add (or, below 0, to remove), instances to have, or percent to add, as `adjustmentType` says. */
  readonly adjustment: number;
  /** The metric from which it applies. Default, for the first step: none. */
  readonly lowerBound?: number | undefined;
  /** The metric up to which it applies. Default, for the last step: none. */
  readonly upperBound?: number | undefined;
}

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

/** A volume that is made with an instance and deleted with it. As arguments. */
export interface EphemeralVolumeArgs {
  /** Absolute path in the guest; created when absent. */
  readonly at: pulumi.Input<string>;
  /** Size in MiB, 1 to 1,048,576 within the account's quota. Required unless there is a `hostPath`. */
  readonly sizeMb?: pulumi.Input<number> | undefined;
  /** Mount without write access. Default false. */
  readonly readonly?: pulumi.Input<boolean> | undefined;
  /** `static` counts the whole size against the quota, `dynamic` what is used. Default `static`. */
  readonly quotaPolicy?: pulumi.Input<"static" | "dynamic"> | undefined;
  /** `ext4`, `virtiofs`, or a name that the site defines. Default `ext4`. */
  readonly filesystem?: pulumi.Input<string> | undefined;
  /** `rwo` one writer, `rox` many readers, `rwx` many writers (`virtiofs` only). Default `rwo`. */
  readonly accessMode?: pulumi.Input<"rwo" | "rox" | "rwx"> | undefined;
  /** Tags to find the volume by, up to 16. Default: none. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Arguments of a file system that the site defines. */
  readonly filesystemArgs?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Folder on the metro's own machine, in place of a size. Needs a privilege of the account. */
  readonly hostPath?: pulumi.Input<string> | undefined;
  /** Owner of the files under `hostPath`. */
  readonly uid?: pulumi.Input<number> | undefined;
  /** Group of the files under `hostPath`. */
  readonly gid?: pulumi.Input<number> | undefined;
}

/** A volume that is made with an instance and deleted with it. */
export interface EphemeralVolume {
  /** Absolute path in the guest; created when absent. */
  readonly at: string;
  /** Size in MiB, 1 to 1,048,576 within the account's quota. Required unless there is a `hostPath`. */
  readonly sizeMb?: number | undefined;
  /** Mount without write access. Default false. */
  readonly readonly: boolean;
  /** `static` counts the whole size against the quota, `dynamic` what is used. Default `static`. */
  readonly quotaPolicy?: "static" | "dynamic" | undefined;
  /** `ext4`, `virtiofs`, or a name that the site defines. Default `ext4`. */
  readonly filesystem?: string | undefined;
  /** `rwo` one writer, `rox` many readers, `rwx` many writers (`virtiofs` only). Default `rwo`. */
  readonly accessMode?: "rwo" | "rox" | "rwx" | undefined;
  /** Tags to find the volume by, up to 16. Default: none. */
  readonly tags: readonly string[];
  /** Arguments of a file system that the site defines. */
  readonly filesystemArgs?: Readonly<Record<string, string>> | undefined;
  /** Folder on the metro's own machine, in place of a size. Needs a privilege of the account. */
  readonly hostPath?: string | undefined;
  /** Owner of the files under `hostPath`. */
  readonly uid?: number | undefined;
  /** Group of the files under `hostPath`. */
  readonly gid?: number | undefined;
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

/** How the metro fetches an image. Not every metro can be told. As arguments. */
export interface ImagePullArgs {
  /** `always`, `if_not_present` or `never`. Default: by the image's tag. */
  readonly policy?: pulumi.Input<"always" | "if_not_present" | "never"> | undefined;
  /** Credentials for an OCI registry. Kept secret in state. */
  readonly credentials?: pulumi.Input<string> | undefined;
  /** Headers of the request that fetches it. Kept secret in state. */
  readonly headers?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
}

/** How the metro fetches an image. Not every metro can be told. */
export interface ImagePull {
  /** `always`, `if_not_present` or `never`. Default: by the image's tag. */
  readonly policy?: "always" | "if_not_present" | "never" | undefined;
  /** Credentials for an OCI registry. Kept secret in state. */
  readonly credentials?: string | undefined;
  /** Headers of the request that fetches it. Kept secret in state. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A file given in the program, of at most 1 MB. As arguments. */
export interface InlineFileArgs {
  /** Path of the file inside its ROM. */
  readonly path: pulumi.Input<string>;
  /** Content, as `encoding` says. Kept secret in state. */
  readonly data: pulumi.Input<string>;
  /** `text`, or `base64` for bytes. Default `text`. */
  readonly encoding?: pulumi.Input<"text" | "base64"> | undefined;
}

/** A file given in the program, of at most 1 MB. */
export interface InlineFile {
  /** Path of the file inside its ROM. */
  readonly path: string;
  /** Content, as `encoding` says. Kept secret in state. */
  readonly data: string;
  /** `text`, or `base64` for bytes. Default `text`. */
  readonly encoding: "text" | "base64";
}

/** An instance, as it is reported. */
export interface InstanceInfo {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
  /** State, such as `running`, `standby` or `stopped`. */
  readonly state: string;
  /** `micro` or `full`. */
  readonly type?: string | undefined;
  /** The image that runs, with its digest. */
  readonly image: string;
  /** Digest of the image that runs; empty when it is not reported. */
  readonly digest: string;
  /** Arguments of its program. */
  readonly args: readonly string[];
  /** Guest memory in MiB. */
  readonly memoryMb?: number | undefined;
  /** Virtual CPUs. */
  readonly vcpus?: number | undefined;
  /** `never`, `always` or `on-failure`. */
  readonly restartPolicy?: string | undefined;
  /** How far restarting it has got; absent unless the restart policy is at it. */
  readonly restart?: InstanceRestart | undefined;
  /** When it goes to standby. */
  readonly scaleToZero?: ScaleToZeroInfo | undefined;
  /** Creation time, RFC 3339. */
  readonly createdAt?: string | undefined;
  /** Time of the last start, RFC 3339; absent before the first. */
  readonly startedAt?: string | undefined;
  /** Time of the last stop, RFC 3339; absent before the first. */
  readonly stoppedAt?: string | undefined;
  /** Until when it is kept after it was deleted, RFC 3339; absent unless it was. */
  readonly retainedUntil?: string | undefined;
  /** Starts so far. */
  readonly startCount?: number | undefined;
  /** Restarts by the restart policy so far. */
  readonly restartCount?: number | undefined;
  /** Milliseconds of running, over all starts. */
  readonly uptimeMs?: number | undefined;
  /** Microseconds from the start until the guest's program ran. */
  readonly bootTimeUs?: number | undefined;
  /** Microseconds from the start until the program listened. */
  readonly netTimeUs?: number | undefined;
  /** Why it stopped, as a sentence; absent while it is up. */
  readonly stopReason?: string | undefined;
  /** How it stopped, such as `page fault, out of memory`; absent while it is up. */
  readonly stopCode?: string | undefined;
  /** Exit code of the program, after it exited. */
  readonly exitCode?: number | undefined;
  /** The service it is in. */
  readonly service?: InstanceServiceInfo | undefined;
  /** The volumes it has mounted. */
  readonly volumes: readonly MountedVolume[];
  /** Its network interfaces. */
  readonly networkInterfaces: readonly NetworkInterfaceInfo[];
  /** Address in the metro's private network. */
  readonly privateIp?: string | undefined;
  /** Name in the metro's private network. */
  readonly privateFqdn?: string | undefined;
  /** Priority of its virtual CPUs. */
  readonly schedPriority?: string | undefined;
  /** Tags. */
  readonly tags: readonly string[];
  /** Annotations by key. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Deletion is refused. */
  readonly deleteLock: boolean;
  /** Changes that wait for the next stop, or failed at the last one. */
  readonly updates: readonly InstanceUpdate[];
}

/** How far restarting an instance has got. */
export interface InstanceRestart {
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** Time of the next attempt, RFC 3339. */
  readonly nextAt?: string | undefined;
}

/** A service group that is made with an instance and goes with its last one. As arguments. */
export interface InstanceServiceGroupArgs {
  /** Name of the group. Default: made by the metro. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Published ports. */
  readonly ports: pulumi.Input<readonly pulumi.Input<ServicePortArgs>[]>;
  /** Domain names. Default: one that the metro makes from the name. */
  readonly domains?: pulumi.Input<readonly pulumi.Input<ServiceDomainArgs>[]> | undefined;
  /** Requests or connections that one instance serves before the next one is woken. Default 1. */
  readonly softLimit?: pulumi.Input<number> | undefined;
  /** Requests or connections that one instance gets at most; more are refused. Default 65535. */
  readonly hardLimit?: pulumi.Input<number> | undefined;
}

/** A service group that is made with an instance and goes with its last one. */
export interface InstanceServiceGroup {
  /** Name of the group. Default: made by the metro. */
  readonly name: string;
  /** Published ports. */
  readonly ports: readonly ServicePort[];
  /** Domain names. Default: one that the metro makes from the name. */
  readonly domains?: readonly ServiceDomain[] | undefined;
  /** Requests or connections that one instance serves before the next one is woken. Default 1. */
  readonly softLimit: number;
  /** Requests or connections that one instance gets at most; more are refused. Default 65535. */
  readonly hardLimit: number;
}

/** The service that an instance is in. */
export interface InstanceServiceInfo {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
  /** Domain names, without a dot at the end. */
  readonly fqdns: readonly string[];
}

/** What every replica runs. As arguments. */
export interface InstanceTemplateArgs {
  /** Image to boot: `image.ref` of a GatewayImage (`repository@sha256:…`), or a reference the metro's registry knows. */
  readonly image: pulumi.Input<string>;
  /** How the metro fetches the image, where its name does not say it. Used at creation and with the next change of `image`. */
  readonly imagePull?: pulumi.Input<ImagePullArgs> | undefined;
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
  /** Volumes that are made with the instance and deleted with it. */
  readonly ephemeralVolumes?: pulumi.Input<readonly pulumi.Input<EphemeralVolumeArgs>[]> | undefined;
  /** `always` (also after exit code 0), `on-failure`, or `never`. Default `always`: a replica is meant to serve. */
  readonly restartPolicy?: pulumi.Input<"never" | "always" | "on-failure"> | undefined;
  /** When it may go to standby. Default: never. */
  readonly scaleToZero?: pulumi.Input<ScaleToZeroArgs> | undefined;
  /** `delete-on-stop`: the platform deletes it once it stops, for jobs. Default: none. */
  readonly features?: pulumi.Input<readonly pulumi.Input<"delete-on-stop">[]> | undefined;
  /** Up to 8 read-only file systems, by image or with files given here. */
  readonly roms?: pulumi.Input<readonly pulumi.Input<RomArgs>[]> | undefined;
  /** Up to 8 plugins of the platform. */
  readonly plugins?: pulumi.Input<readonly pulumi.Input<PluginArgs>[]> | undefined;
  /** Tags to find the instance by, up to 14. Default: none. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Up to 256 annotations, `[prefix/]name` → text without control characters. The guest sees them from its next boot on. */
  readonly annotations?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Host name of the guest, a DNS label. Default: the instance's name. */
  readonly hostname?: pulumi.Input<string> | undefined;
  /** Ids or names of instances that are started before it. */
  readonly dependencies?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** What happens to it at given times. */
  readonly schedules?: pulumi.Input<readonly pulumi.Input<ScheduleArgs>[]> | undefined;
  /** When the platform deletes it by itself. Default: never. */
  readonly autokill?: pulumi.Input<AutokillArgs> | undefined;
  /** Priority of its virtual CPUs. Others than `normal` need a privilege of the account. Default `normal`. */
  readonly schedPriority?: pulumi.Input<"normal" | "medium" | "high" | "admin"> | undefined;
  /** `micro`, or `full` for devices that a small machine lacks: without scale-to-zero, templates, branches and checkpoints. Default `micro`. */
  readonly type?: pulumi.Input<"micro" | "full"> | undefined;
  /** GPUs, 0 or 1; needs `type: "full"`. Default 0. */
  readonly gpus?: pulumi.Input<number> | undefined;
  /** Address of the gateway, with `networkInterfaces`. Default: the platform's. */
  readonly gateway?: pulumi.Input<string> | undefined;
  /** Address of the name server, with `networkInterfaces`. Default: the platform's. */
  readonly nameserver?: pulumi.Input<string> | undefined;
  /** Up to 4 network interfaces; needs a privilege of the account. Default: one, made by the platform. */
  readonly networkInterfaces?: pulumi.Input<readonly pulumi.Input<NetworkInterfaceArgs>[]> | undefined;
}

/** What every replica runs. */
export interface InstanceTemplate {
  /** Image to boot: `image.ref` of a GatewayImage (`repository@sha256:…`), or a reference the metro's registry knows. */
  readonly image: string;
  /** How the metro fetches the image, where its name does not say it. Used at creation and with the next change of `image`. */
  readonly imagePull?: ImagePull | undefined;
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
  /** Volumes that are made with the instance and deleted with it. */
  readonly ephemeralVolumes: readonly EphemeralVolume[];
  /** `always` (also after exit code 0), `on-failure`, or `never`. Default `always`: a replica is meant to serve. */
  readonly restartPolicy: "never" | "always" | "on-failure";
  /** When it may go to standby. Default: never. */
  readonly scaleToZero?: ScaleToZero | undefined;
  /** `delete-on-stop`: the platform deletes it once it stops, for jobs. Default: none. */
  readonly features: readonly "delete-on-stop"[];
  /** Up to 8 read-only file systems, by image or with files given here. */
  readonly roms: readonly Rom[];
  /** Up to 8 plugins of the platform. */
  readonly plugins: readonly Plugin[];
  /** Tags to find the instance by, up to 14. Default: none. */
  readonly tags: readonly string[];
  /** Up to 256 annotations, `[prefix/]name` → text without control characters. The guest sees them from its next boot on. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Host name of the guest, a DNS label. Default: the instance's name. */
  readonly hostname?: string | undefined;
  /** Ids or names of instances that are started before it. */
  readonly dependencies: readonly string[];
  /** What happens to it at given times. */
  readonly schedules: readonly Schedule[];
  /** When the platform deletes it by itself. Default: never. */
  readonly autokill?: Autokill | undefined;
  /** Priority of its virtual CPUs. Others than `normal` need a privilege of the account. Default `normal`. */
  readonly schedPriority: "normal" | "medium" | "high" | "admin";
  /** `micro`, or `full` for devices that a small machine lacks: without scale-to-zero, templates, branches and checkpoints. Default `micro`. */
  readonly type: "micro" | "full";
  /** GPUs, 0 or 1; needs `type: "full"`. Default 0. */
  readonly gpus: number;
  /** Address of the gateway, with `networkInterfaces`. Default: the platform's. */
  readonly gateway?: string | undefined;
  /** Address of the name server, with `networkInterfaces`. Default: the platform's. */
  readonly nameserver?: string | undefined;
  /** Up to 4 network interfaces; needs a privilege of the account. Default: one, made by the platform. */
  readonly networkInterfaces: readonly NetworkInterface[];
}

/** A change that waits for the next stop, or failed at the last one. */
export interface InstanceUpdate {
  /** Property, as the API calls it. */
  readonly property: string;
  /** `pending` or `failed`. */
  readonly status: string;
  /** Why it failed. */
  readonly error?: string | undefined;
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

/** A volume that an instance has mounted. */
export interface MountedVolume {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
  /** Path in the guest. */
  readonly at: string;
  /** The guest cannot write to it. */
  readonly readonly: boolean;
}

/** A network interface of an instance. As arguments. */
export interface NetworkInterfaceArgs {
  /** Name, unique in the instance. */
  readonly name?: pulumi.Input<string> | undefined;
  /** TAP device on the metro's machine that it is joined to. */
  readonly tapName?: pulumi.Input<string> | undefined;
  /** Address with prefix length, such as `10.1.0.4/24`; needs `tapName`. */
  readonly ip?: pulumi.Input<string> | undefined;
  /** Hardware address, such as `12:b0:0a:00:04:11`; needs `tapName`. */
  readonly mac?: pulumi.Input<string> | undefined;
  /** Tell the guest its address at boot. Default true. */
  readonly autoconfig?: pulumi.Input<boolean> | undefined;
  /** Another interface through which its traffic goes. Default: none. */
  readonly relay?: pulumi.Input<NetworkRelayArgs> | undefined;
}

/** A network interface of an instance. */
export interface NetworkInterface {
  /** Name, unique in the instance. */
  readonly name: string;
  /** TAP device on the metro's machine that it is joined to. */
  readonly tapName?: string | undefined;
  /** Address with prefix length, such as `10.1.0.4/24`; needs `tapName`. */
  readonly ip?: string | undefined;
  /** Hardware address, such as `12:b0:0a:00:04:11`; needs `tapName`. */
  readonly mac?: string | undefined;
  /** Tell the guest its address at boot. Default true. */
  readonly autoconfig: boolean;
  /** Another interface through which its traffic goes. Default: none. */
  readonly relay?: NetworkRelay | undefined;
}

/** A network interface of an instance, as it is reported. */
export interface NetworkInterfaceInfo {
  /** UUID. */
  readonly uuid?: string | undefined;
  /** Name. */
  readonly name: string;
  /** Its address. */
  readonly privateIp?: string | undefined;
  /** Its hardware address. */
  readonly mac?: string | undefined;
}

/** Another interface through which traffic goes. As arguments. */
export interface NetworkRelayArgs {
  /** Uuid or name of that interface. */
  readonly interface: pulumi.Input<string>;
  /** Relay name look-ups too. Default true. */
  readonly relayDns?: pulumi.Input<boolean> | undefined;
}

/** Another interface through which traffic goes. */
export interface NetworkRelay {
  /** Uuid or name of that interface. */
  readonly interface: string;
  /** Relay name look-ups too. Default true. */
  readonly relayDns: boolean;
}

/** A change that waits for the next stop, or failed at the last one. */
export interface PendingUpdate {
  /** Property, as the API calls it. */
  readonly property: string;
  /** `pending` or `failed`. */
  readonly status: string;
  /** Why it failed. */
  readonly error?: string | undefined;
}

/** A program of the platform that runs beside the guest's. As arguments. */
export interface PluginArgs {
  /** Name, unique in the instance: up to 63 letters, digits, `-` and `_`. */
  readonly name: pulumi.Input<string>;
  /** Image of the plugin. */
  readonly rom: pulumi.Input<string>;
  /** Settings of the plugin, any JSON. Kept secret in state. */
  readonly config?: pulumi.Input<unknown> | undefined;
}

/** A program of the platform that runs beside the guest's. */
export interface Plugin {
  /** Name, unique in the instance: up to 63 letters, digits, `-` and `_`. */
  readonly name: string;
  /** Image of the plugin. */
  readonly rom: string;
  /** Settings of the plugin, any JSON. Kept secret in state. */
  readonly config?: unknown | undefined;
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

/** Restarts by the restart policy, one after the other, of a program that does not stay up. */
export interface RestartSequence {
  /** How many restarts it has had so far. */
  readonly attempt: number;
  /** Time of the next one, RFC 3339, while that is waited for. */
  readonly nextAt?: string | undefined;
}

/** How instances are replaced when the template changes. As arguments. */
export interface RolloutArgs {
  /** `rolling`: a few at a time. Default `rolling`. */
  readonly strategy?: pulumi.Input<"rolling"> | undefined;
  /** Extra instances allowed while rolling, up to 253. Default 1. */
  readonly maxSurge?: pulumi.Input<number> | undefined;
  /** Missing instances allowed while rolling, up to 253. Default 0. */
  readonly maxUnavailable?: pulumi.Input<number> | undefined;
  /** How long a new instance must serve without a restart before an old one is removed, in milliseconds, 0 to 3,600,000. Default 0. */
  readonly stableForMs?: pulumi.Input<number> | undefined;
  /** How long a new instance may take to become healthy before the rollout fails, in milliseconds, 0 to 3,600,000. Default 300,000. */
  readonly healthyWithinMs?: pulumi.Input<number> | undefined;
  /** How long open connections of an old instance may take to finish, in milliseconds, 0 to 3,600,000. Default 60,000. */
  readonly drainTimeoutMs?: pulumi.Input<number> | undefined;
  /** The volumes that the template writes to have the access mode `rwx`, so that replicas may write to them at the same time. Default false: each is held by one replica, and a new one waits until the old one has gone. */
  readonly sharedVolumes?: pulumi.Input<boolean> | undefined;
  /** Asked of the service while a new instance is in it. Default: none. */
  readonly health?: pulumi.Input<HealthCheckArgs> | undefined;
}

/** How instances are replaced when the template changes. */
export interface Rollout {
  /** `rolling`: a few at a time. Default `rolling`. */
  readonly strategy: "rolling";
  /** Extra instances allowed while rolling, up to 253. Default 1. */
  readonly maxSurge: number;
  /** Missing instances allowed while rolling, up to 253. Default 0. */
  readonly maxUnavailable: number;
  /** How long a new instance must serve without a restart before an old one is removed, in milliseconds, 0 to 3,600,000. Default 0. */
  readonly stableForMs: number;
  /** How long a new instance may take to become healthy before the rollout fails, in milliseconds, 0 to 3,600,000. Default 300,000. */
  readonly healthyWithinMs: number;
  /** How long open connections of an old instance may take to finish, in milliseconds, 0 to 3,600,000. Default 60,000. */
  readonly drainTimeoutMs: number;
  /** The volumes that the template writes to have the access mode `rwx`, so that replicas may write to them at the same time. Default false: each is held by one replica, and a new one waits until the old one has gone. */
  readonly sharedVolumes: boolean;
  /** Asked of the service while a new instance is in it. Default: none. */
  readonly health?: HealthCheck | undefined;
}

/** A read-only file system for a guest: an image, or files given in the program. As arguments. */
export interface RomArgs {
  /** Name, unique in the instance, up to 63 characters. */
  readonly name: pulumi.Input<string>;
  /** Image that holds the files. */
  readonly image?: pulumi.Input<string> | undefined;
  /** Up to 16 files, in place of an image. */
  readonly files?: pulumi.Input<readonly pulumi.Input<InlineFileArgs>[]> | undefined;
  /** Absolute path in the guest. Default: not mounted. */
  readonly at?: pulumi.Input<string> | undefined;
}

/** A read-only file system for a guest: an image, or files given in the program. */
export interface Rom {
  /** Name, unique in the instance, up to 63 characters. */
  readonly name: string;
  /** Image that holds the files. */
  readonly image?: string | undefined;
  /** Up to 16 files, in place of an image. */
  readonly files?: readonly InlineFile[] | undefined;
  /** Absolute path in the guest. Default: not mounted. */
  readonly at?: string | undefined;
}

/** When an instance may go to standby, from which the next connection wakes it. As arguments. */
export interface ScaleToZeroArgs {
  /** `on`: after no connection for the cooldown; `idle`: also while idle connections are open; `off`: never. */
  readonly policy: pulumi.Input<"on" | "idle" | "off">;
  /** Keep the guest's memory across standby instead of booting afresh. Default false. */
  readonly stateful?: pulumi.Input<boolean> | undefined;
  /** Idle time before standby, in milliseconds, 0 to 86,400,000. Default 1000. */
  readonly cooldownTimeMs?: pulumi.Input<number> | undefined;
  /** Warns the guest so many milliseconds before standby; shorter than the cooldown. Default 0: no warning. */
  readonly notifyTimeMs?: pulumi.Input<number> | undefined;
}

/** When an instance may go to standby, from which the next connection wakes it. */
export interface ScaleToZero {
  /** `on`: after no connection for the cooldown; `idle`: also while idle connections are open; `off`: never. */
  readonly policy: "on" | "idle" | "off";
  /** Keep the guest's memory across standby instead of booting afresh. Default false. */
  readonly stateful: boolean;
  /** Idle time before standby, in milliseconds, 0 to 86,400,000. Default 1000. */
  readonly cooldownTimeMs: number;
  /** Warns the guest so many milliseconds before standby; shorter than the cooldown. Default 0: no warning. */
  readonly notifyTimeMs: number;
}

/** When an instance goes to standby, as it is reported. */
export interface ScaleToZeroInfo {
  /** It may go to standby. */
  readonly enabled?: boolean | undefined;
  /** `on`, `idle` or `off`. */
  readonly policy?: string | undefined;
  /** The guest's memory is kept across standby. */
  readonly stateful?: boolean | undefined;
  /** Idle time before standby, in milliseconds. */
  readonly cooldownTimeMs?: number | undefined;
  /** The guest is warned so many milliseconds before standby. */
  readonly notifyTimeMs?: number | undefined;
}

/** Something that happens to an instance at given times. As arguments. */
export interface ScheduleArgs {
  /** Name, unique in the instance. */
  readonly name: pulumi.Input<string>;
  /** Calendar expression of systemd in UTC, such as `Mon..Fri 08:00` or `*-*-* 03:00:00`. */
  readonly when: pulumi.Input<string>;
  /** `start`, `stop`, `delete`, `exec` (with `args`) or `checkpoint`. */
  readonly action: pulumi.Input<"start" | "stop" | "delete" | "exec" | "checkpoint">;
  /** Command line of `exec`. */
  readonly args?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
}

/** Something that happens to an instance at given times. */
export interface Schedule {
  /** Name, unique in the instance. */
  readonly name: string;
  /** Calendar expression of systemd in UTC, such as `Mon..Fri 08:00` or `*-*-* 03:00:00`. */
  readonly when: string;
  /** `start`, `stop`, `delete`, `exec` (with `args`) or `checkpoint`. */
  readonly action: "start" | "stop" | "delete" | "exec" | "checkpoint";
  /** Command line of `exec`. */
  readonly args?: readonly string[] | undefined;
}

/** When something is done to an instance next. */
export interface ScheduleTime {
  /** Name of the schedule. */
  readonly name: string;
  /** Time of its next action, RFC 3339. */
  readonly nextAt: string;
}

/** When the platform deletes a service by itself. As arguments. */
export interface ServiceAutokillArgs {
  /** Milliseconds without an instance in it; 0 is never. */
  readonly timeMs: pulumi.Input<number>;
}

/** When the platform deletes a service by itself. */
export interface ServiceAutokill {
  /** Milliseconds without an instance in it; 0 is never. */
  readonly timeMs: number;
}

/** The certificate of a domain of a service. */
export interface ServiceCertificate {
  /** The domain name, in full. */
  readonly domain: string;
  /** UUID of the certificate. */
  readonly uuid: string;
  /** Name of the certificate. */
  readonly name: string;
  /** `valid`, `pending` while it is being issued and its domain is not served, or `error`. */
  readonly state: string;
}

/** A domain name of a service. As arguments. */
export interface ServiceDomainArgs {
  /** A label below the metro's domain, such as `shop`, or a domain name of your own, such as `www.example.com`, which has to lead to the metro (a CNAME). A wildcard needs a certificate. */
  readonly name: pulumi.Input<string>;
  /** Id or name of a Certificate, for a domain name of your own. Default: one that fits, else one that the platform has issued. */
  readonly certificate?: pulumi.Input<string> | undefined;
}

/** A domain name of a service. */
export interface ServiceDomain {
  /** A label below the metro's domain, such as `shop`, or a domain name of your own, such as `www.example.com`, which has to lead to the metro (a CNAME). A wildcard needs a certificate. */
  readonly name: string;
  /** Id or name of a Certificate, for a domain name of your own. Default: one that fits, else one that the platform has issued. */
  readonly certificate?: string | undefined;
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
  /** `tcp`, or, in metros that offer it, `udp`, which takes no handlers. Default `tcp`. */
  readonly protocol?: pulumi.Input<"tcp" | "udp"> | undefined;
  /** Public address of a `udp` port, for accounts that may choose one. Default: the metro's. */
  readonly ip?: pulumi.Input<string> | undefined;
}

/** A published port. */
export interface ServicePort {
  /** Public port, 1 to 65535. */
  readonly port: number;
  /** Port in the guest, 1 to 65535; with the `redirect` handler the public port to send clients to. Default: the same as `port`. */
  readonly destinationPort?: number | undefined;
  /** What the platform does with connections: `tls` ends TLS, `http` balances by request, `redirect` answers with a redirect. Port 80 needs `http`, 443 needs `http` and `tls`, any other takes `tls` alone or nothing (plain TCP). */
  readonly handlers: readonly ("tls" | "http" | "redirect")[];
  /** `tcp`, or, in metros that offer it, `udp`, which takes no handlers. Default `tcp`. */
  readonly protocol: "tcp" | "udp";
  /** Public address of a `udp` port, for accounts that may choose one. Default: the metro's. */
  readonly ip?: string | undefined;
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

/** What a template that does not exist yet is made from. As arguments. */
export interface TemplatePreparationArgs {
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
  /** How long the metro may take to prepare the template, in milliseconds, 0 to 3,600,000, rounded up to whole seconds. Default 0: the metro's own limit. */
  readonly timeoutMs?: pulumi.Input<number> | undefined;
  /** Delete the template after so many milliseconds without a use. Default 0: never. */
  readonly autokillTimeMs?: pulumi.Input<number> | undefined;
}

/** What a template that does not exist yet is made from. */
export interface TemplatePreparation {
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
  /** How long the metro may take to prepare the template, in milliseconds, 0 to 3,600,000, rounded up to whole seconds. Default 0: the metro's own limit. */
  readonly timeoutMs: number;
  /** Delete the template after so many milliseconds without a use. Default 0: never. */
  readonly autokillTimeMs: number;
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
  /** Id of the volume, `volume.id`, or its name. */
  readonly volume: pulumi.Input<string>;
  /** Absolute path in the guest; created when absent. */
  readonly at: pulumi.Input<string>;
  /** Mount without write access. Default false. */
  readonly readonly?: pulumi.Input<boolean> | undefined;
}

/** A volume mounted into a guest. */
export interface VolumeMount {
  /** Id of the volume, `volume.id`, or its name. */
  readonly volume: string;
  /** Absolute path in the guest; created when absent. */
  readonly at: string;
  /** Mount without write access. Default false. */
  readonly readonly: boolean;
}

/** An instance that uses a volume. */
export interface VolumeMounter {
  /** UUID of the instance. */
  readonly uuid: string;
  /** Name of the instance. */
  readonly name: string;
  /** Mounted without write access. */
  readonly readonly: boolean;
}

/** An instance that has a volume attached. */
export interface VolumeUser {
  /** UUID of the instance. */
  readonly uuid: string;
  /** Name of the instance. */
  readonly name: string;
}
