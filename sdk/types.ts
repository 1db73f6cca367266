// Written by `npm run generate` from provider/resources. Do not edit.
import type * as pulumi from "@pulumi/pulumi";

/** A GatewayImage, also one that another copy of this package created. */
export interface AnyGatewayImage extends pulumi.CustomResource {
  /** Login at the registry of `repository`. An Instance or a Service that is given this image pulls with it. Encrypted in state. Default: the metro's token for the vendor's registry; for any other, what `docker login`, `podman login` or a credential helper has stored. */
  readonly registryCredentials: pulumi.Output<RegistryCredentials | undefined>;
  /** Reference by digest, `repository@sha256:…`; use it as `image` of an Instance or Service template. */
  readonly ref: pulumi.Output<string>;
}

/** A network interface of an instance. */
export interface AttachedInterface {
  /** UUID of the interface. */
  readonly uuid: string;
  /** Name of the interface; absent if it has none. */
  readonly name: string;
  /** IP address in the private network. */
  readonly privateIp: string;
  /** MAC address. */
  readonly mac: string;
}

/** When the platform deletes an instance automatically. Input form of {@link Autokill}. */
export interface AutokillArgs {
  /** Delete the instance this long after it stops, in milliseconds. Default 0: never. */
  readonly timeMs?: pulumi.Input<number> | undefined;
  /** Delete the instance after it has served this many requests. Default 0: never. */
  readonly numRequests?: pulumi.Input<number> | undefined;
}

/** When the platform deletes an instance automatically. */
export interface Autokill {
  /** Delete the instance this long after it stops, in milliseconds. Default 0: never. */
  readonly timeMs: number;
  /** Delete the instance after it has served this many requests. Default 0: never. */
  readonly numRequests: number;
}

/** How the platform chooses the number of instances of a service. Input form of {@link Autoscale}. */
export interface AutoscaleArgs {
  /** Id or name of the instance template to create instances from. */
  readonly template: pulumi.Input<string>;
  /** Minimum number of instances, within the account's limits. Default 1. */
  readonly minSize?: pulumi.Input<number> | undefined;
  /** Maximum number of instances, within the account's limits. Default 4. */
  readonly maxSize?: pulumi.Input<number> | undefined;
  /** How long metrics ignore a new instance, in milliseconds. Default 1000. */
  readonly warmupTimeMs?: pulumi.Input<number> | undefined;
  /** Time between two scaling decisions, in milliseconds. Default 1000. */
  readonly cooldownTimeMs?: pulumi.Input<number> | undefined;
  /** Scaling policies, up to 8. Default: none. */
  readonly policies?: pulumi.Input<readonly pulumi.Input<AutoscalePolicyArgs>[]> | undefined;
}

/** How the platform chooses the number of instances of a service. */
export interface Autoscale {
  /** Id or name of the instance template to create instances from. */
  readonly template: string;
  /** Minimum number of instances, within the account's limits. Default 1. */
  readonly minSize: number;
  /** Maximum number of instances, within the account's limits. Default 4. */
  readonly maxSize: number;
  /** How long metrics ignore a new instance, in milliseconds. Default 1000. */
  readonly warmupTimeMs: number;
  /** Time between two scaling decisions, in milliseconds. Default 1000. */
  readonly cooldownTimeMs: number;
  /** Scaling policies, up to 8. Default: none. */
  readonly policies: readonly AutoscalePolicy[];
}

/** A policy that changes the number of instances. Input form of {@link AutoscalePolicy}. */
export interface AutoscalePolicyArgs {
  /** Name of the policy, unique in the service. */
  readonly name: pulumi.Input<string>;
  /** `step`: adjusts by a metric; `on-demand`: creates an instance per demand; `create`: creates one after a number of requests; `idle`: removes idle instances. */
  readonly type: pulumi.Input<"step" | "on-demand" | "create" | "idle">;
  /** False keeps the policy but turns it off. Default true. */
  readonly enabled?: pulumi.Input<boolean> | undefined;
  /** For `step`, required: `cpu` (millicores), `inflight_reqs`, or `reqs_per_sec`. */
  readonly metric?: pulumi.Input<"cpu" | "inflight_reqs" | "reqs_per_sec"> | undefined;
  /** For `step`, required: unit of `adjustment`. `change`: instances to add; `exact`: total number of instances; `percent`: percentage to add. */
  readonly adjustmentType?: pulumi.Input<"change" | "exact" | "percent"> | undefined;
  /** For `step`, required: 1 to 4 steps, ordered by bounds, without gaps or overlaps. */
  readonly steps?: pulumi.Input<readonly pulumi.Input<AutoscaleStepArgs>[]> | undefined;
  /** For `step`: high-water mark as a fraction of the limit, 0 to 1. Default: the platform's. */
  readonly highWatermark?: pulumi.Input<number> | undefined;
  /** For `on-demand`: an instance serves only one demand. Default: the platform's. */
  readonly exclusive?: pulumi.Input<boolean> | undefined;
  /** For `create`, required: number of requests. */
  readonly numRequests?: pulumi.Input<number> | undefined;
  /** For `create`: the new instance replaces an existing one. Default: the platform's. */
  readonly replace?: pulumi.Input<boolean> | undefined;
  /** For `idle`, required: idle time before an instance is removed, in milliseconds. */
  readonly idleTimeMs?: pulumi.Input<number> | undefined;
}

/** A policy that changes the number of instances. */
export interface AutoscalePolicy {
  /** Name of the policy, unique in the service. */
  readonly name: string;
  /** `step`: adjusts by a metric; `on-demand`: creates an instance per demand; `create`: creates one after a number of requests; `idle`: removes idle instances. */
  readonly type: "step" | "on-demand" | "create" | "idle";
  /** False keeps the policy but turns it off. Default true. */
  readonly enabled: boolean;
  /** For `step`, required: `cpu` (millicores), `inflight_reqs`, or `reqs_per_sec`. */
  readonly metric?: "cpu" | "inflight_reqs" | "reqs_per_sec" | undefined;
  /** For `step`, required: unit of `adjustment`. `change`: instances to add; `exact`: total number of instances; `percent`: percentage to add. */
  readonly adjustmentType?: "change" | "exact" | "percent" | undefined;
  /** For `step`, required: 1 to 4 steps, ordered by bounds, without gaps or overlaps. */
  readonly steps?: readonly AutoscaleStep[] | undefined;
  /** For `step`: high-water mark as a fraction of the limit, 0 to 1. Default: the platform's. */
  readonly highWatermark?: number | undefined;
  /** For `on-demand`: an instance serves only one demand. Default: the platform's. */
  readonly exclusive?: boolean | undefined;
  /** For `create`, required: number of requests. */
  readonly numRequests?: number | undefined;
  /** For `create`: the new instance replaces an existing one. Default: the platform's. */
  readonly replace?: boolean | undefined;
  /** For `idle`, required: idle time before an instance is removed, in milliseconds. */
  readonly idleTimeMs?: number | undefined;
}

/** An adjustment while a metric is within bounds. Input form of {@link AutoscaleStep}. */
export interface AutoscaleStepArgs {
  /** Adjustment, in the unit of `adjustmentType`. A negative `change` or `percent` removes instances. */
  readonly adjustment: pulumi.Input<number>;
  /** Lower bound of the metric. Default, for the first step only: unbounded. */
  readonly lowerBound?: pulumi.Input<number> | undefined;
  /** Upper bound of the metric. Default, for the last step only: unbounded. */
  readonly upperBound?: pulumi.Input<number> | undefined;
}

/** An adjustment while a metric is within bounds. */
export interface AutoscaleStep {
  /** Adjustment, in the unit of `adjustmentType`. A negative `change` or `percent` removes instances. */
  readonly adjustment: number;
  /** Lower bound of the metric. Default, for the first step only: unbounded. */
  readonly lowerBound?: number | undefined;
  /** Upper bound of the metric. Default, for the last step only: unbounded. */
  readonly upperBound?: number | undefined;
}

/** A step of a canary rollout. Input form of {@link CanaryStep}. */
export interface CanaryStepArgs {
  /** Number of new replicas that serve at the end of the step, or a percentage of the replicas such as `"20%"`, rounded down. More than in the step before, fewer than `replicas`. */
  readonly count: pulumi.Input<number | string>;
  /** How long they must keep serving before the next step, in milliseconds, 0 to 3,600,000. */
  readonly pauseMs: pulumi.Input<number>;
}

/** A step of a canary rollout. */
export interface CanaryStep {
  /** Number of new replicas that serve at the end of the step, or a percentage of the replicas such as `"20%"`, rounded down. More than in the step before, fewer than `replicas`. */
  readonly count: number | string;
  /** How long they must keep serving before the next step, in milliseconds, 0 to 3,600,000. */
  readonly pauseMs: number;
}

/** A certificate as the API reports it. */
export interface CertificateInfo {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
  /** Creation time, RFC 3339. */
  readonly createdAt?: string | undefined;
  /** Domain of the certificate, without a trailing dot. */
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

/** How to build the Dockerfile that the Kraftfile's `rootfs` names. The builder is the first of BuildKit (`BUILDKIT_HOST`), `docker buildx`, `podman` and `buildah`. Input form of {@link DockerfileBuild}. */
export interface DockerfileBuildArgs {
  /** Stage to build. Default: the last one. */
  readonly target?: pulumi.Input<string> | undefined;
  /** Values of `ARG` instructions by name. They are not secret: the image and the output may show them. Default: none. */
  readonly args?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Values for `RUN --mount=type=secret,id=…` by id. They are in no layer unless the Dockerfile copies them there. Default: none. */
  readonly secrets?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** SSH agents and keys for `RUN --mount=type=ssh`: `default`, or `<id>=<socket or key file>`. Default: none. */
  readonly ssh?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Caches to import, in the notation of `docker buildx build --cache-from`. Default: none. */
  readonly cacheFrom?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Caches to export, in the notation of `docker buildx build --cache-to`. Default: none. */
  readonly cacheTo?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Run every step again whenever the image is built. Default false. */
  readonly noCache?: pulumi.Input<boolean> | undefined;
}

/** How to build the Dockerfile that the Kraftfile's `rootfs` names. The builder is the first of BuildKit (`BUILDKIT_HOST`), `docker buildx`, `podman` and `buildah`. */
export interface DockerfileBuild {
  /** Stage to build. Default: the last one. */
  readonly target?: string | undefined;
  /** Values of `ARG` instructions by name. They are not secret: the image and the output may show them. Default: none. */
  readonly args: Readonly<Record<string, string>>;
  /** Values for `RUN --mount=type=secret,id=…` by id. They are in no layer unless the Dockerfile copies them there. Default: none. */
  readonly secrets: Readonly<Record<string, string>>;
  /** SSH agents and keys for `RUN --mount=type=ssh`: `default`, or `<id>=<socket or key file>`. Default: none. */
  readonly ssh: readonly string[];
  /** Caches to import, in the notation of `docker buildx build --cache-from`. Default: none. */
  readonly cacheFrom: readonly string[];
  /** Caches to export, in the notation of `docker buildx build --cache-to`. Default: none. */
  readonly cacheTo: readonly string[];
  /** Run every step again whenever the image is built. Default false. */
  readonly noCache: boolean;
}

/** A volume created and deleted together with an instance. Input form of {@link EphemeralVolume}. */
export interface EphemeralVolumeArgs {
  /** Absolute path in the guest; created if it does not exist. */
  readonly at: pulumi.Input<string>;
  /** Size in MiB, 1 to 1,048,576, within the account's quota. Required unless `hostPath` is set. */
  readonly sizeMb?: pulumi.Input<number> | undefined;
  /** Mount read-only. Default false. */
  readonly readonly?: pulumi.Input<boolean> | undefined;
  /** Quota usage: `static` counts the whole size, `dynamic` only the used space. Default `static`. */
  readonly quotaPolicy?: pulumi.Input<"static" | "dynamic"> | undefined;
  /** File system: `ext4`, `virtiofs`, or one that the metro's operator defines. Default `ext4`. */
  readonly filesystem?: pulumi.Input<string> | undefined;
  /** `rwo`: one writer; `rox`: many readers; `rwx`: many writers, with `virtiofs` only. Default `rwo`. */
  readonly accessMode?: pulumi.Input<"rwo" | "rox" | "rwx"> | undefined;
  /** Tags of the volume, up to 16. Default: none. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Arguments of a file system that the metro's operator defines. Default: none. */
  readonly filesystemArgs?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Absolute path of a folder on the host to share, instead of `sizeMb`. Needs an account privilege. */
  readonly hostPath?: pulumi.Input<string> | undefined;
  /** Numeric user id that owns the files under `hostPath`. Default: as on the host. */
  readonly uid?: pulumi.Input<number> | undefined;
  /** Numeric group id of the files under `hostPath`. Default: as on the host. */
  readonly gid?: pulumi.Input<number> | undefined;
}

/** A volume created and deleted together with an instance. */
export interface EphemeralVolume {
  /** Absolute path in the guest; created if it does not exist. */
  readonly at: string;
  /** Size in MiB, 1 to 1,048,576, within the account's quota. Required unless `hostPath` is set. */
  readonly sizeMb?: number | undefined;
  /** Mount read-only. Default false. */
  readonly readonly: boolean;
  /** Quota usage: `static` counts the whole size, `dynamic` only the used space. Default `static`. */
  readonly quotaPolicy?: "static" | "dynamic" | undefined;
  /** File system: `ext4`, `virtiofs`, or one that the metro's operator defines. Default `ext4`. */
  readonly filesystem?: string | undefined;
  /** `rwo`: one writer; `rox`: many readers; `rwx`: many writers, with `virtiofs` only. Default `rwo`. */
  readonly accessMode?: "rwo" | "rox" | "rwx" | undefined;
  /** Tags of the volume, up to 16. Default: none. */
  readonly tags: readonly string[];
  /** Arguments of a file system that the metro's operator defines. Default: none. */
  readonly filesystemArgs?: Readonly<Record<string, string>> | undefined;
  /** Absolute path of a folder on the host to share, instead of `sizeMb`. Needs an account privilege. */
  readonly hostPath?: string | undefined;
  /** Numeric user id that owns the files under `hostPath`. Default: as on the host. */
  readonly uid?: number | undefined;
  /** Numeric group id of the files under `hostPath`. Default: as on the host. */
  readonly gid?: number | undefined;
}

/** Documents and a signature beside a pushed image, for those who verify images before they run them. Input form of {@link ImageAttestation}. */
export interface ImageAttestationArgs {
  /** Attach a software bill of materials (SPDX 2.3, JSON): the kernel, and the files of the root file system; of those in `files`, the names alone. Default false. */
  readonly sbom?: pulumi.Input<boolean> | undefined;
  /** Attach how the image was built (SLSA provenance 1.0 in an in-toto statement). Default false. */
  readonly provenance?: pulumi.Input<boolean> | undefined;
  /** Private key for a signature as of `cosign sign --key`: ECDSA on the curve P-256, in PEM. Default: no signature, unless there is a `signingCommand`. */
  readonly signingKey?: pulumi.Input<string> | undefined;
  /** Passphrase of `signingKey`. Default: the key has none. */
  readonly signingKeyPassphrase?: pulumi.Input<string> | undefined;
  /** Command that signs in place of `signingKey`, such as one of a key management service: it reads the payload in base64 and prints an ECDSA signature over its SHA-256 in base64. Default: none. */
  readonly signingCommand?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
}

/** Documents and a signature beside a pushed image, for those who verify images before they run them. */
export interface ImageAttestation {
  /** Attach a software bill of materials (SPDX 2.3, JSON): the kernel, and the files of the root file system; of those in `files`, the names alone. Default false. */
  readonly sbom: boolean;
  /** Attach how the image was built (SLSA provenance 1.0 in an in-toto statement). Default false. */
  readonly provenance: boolean;
  /** Private key for a signature as of `cosign sign --key`: ECDSA on the curve P-256, in PEM. Default: no signature, unless there is a `signingCommand`. */
  readonly signingKey?: string | undefined;
  /** Passphrase of `signingKey`. Default: the key has none. */
  readonly signingKeyPassphrase?: string | undefined;
  /** Command that signs in place of `signingKey`, such as one of a key management service: it reads the payload in base64 and prints an ECDSA signature over its SHA-256 in base64. Default: none. */
  readonly signingCommand?: readonly string[] | undefined;
}

/** What the labels of an image set where the program sets nothing. */
export interface ImageDefaults {
  /** From the labels `cloud.unikraft.v1.instances/scale_to_zero.*`. */
  readonly scaleToZero: ScaleToZeroDefaults;
}

/** A file with mode and owner. Set either `content` or `asset`. Input form of {@link ImageFile}. */
export interface ImageFileArgs {
  /** Content as text, stored as UTF-8. */
  readonly content?: pulumi.Input<string> | undefined;
  /** Content as a Pulumi asset, which may be binary. */
  readonly asset?: pulumi.Input<pulumi.asset.Asset> | undefined;
  /** Permissions of the file, such as `0o600`: an octal literal, not the decimal 600. Default 0o644. */
  readonly mode?: pulumi.Input<number> | undefined;
  /** User ID of the owner of the file. Default 0, root. */
  readonly uid?: pulumi.Input<number> | undefined;
  /** Group ID of the owner of the file. Default 0, root. */
  readonly gid?: pulumi.Input<number> | undefined;
}

/** A file with mode and owner. Set either `content` or `asset`. */
export interface ImageFile {
  /** Content as text, stored as UTF-8. */
  readonly content?: string | undefined;
  /** Content as a Pulumi asset, which may be binary. */
  readonly asset?: pulumi.asset.Asset | undefined;
  /** Permissions of the file, such as `0o600`: an octal literal, not the decimal 600. Default 0o644. */
  readonly mode?: number | undefined;
  /** User ID of the owner of the file. Default 0, root. */
  readonly uid?: number | undefined;
  /** Group ID of the owner of the file. Default 0, root. */
  readonly gid?: number | undefined;
}

/** An image as the API reports it. */
export interface ImageInfo {
  /** Reference by digest. */
  readonly url: string;
  /** Creation time, RFC 3339. */
  readonly createdAt?: string | undefined;
  /** Size in bytes. */
  readonly sizeInBytes?: number | undefined;
  /** Argument list of the program. */
  readonly args: readonly string[];
  /** References by tag. */
  readonly tags: readonly string[];
}

/** How the metro fetches an image. Not every metro supports it. Input form of {@link ImagePull}. */
export interface ImagePullArgs {
  /** When to fetch: `always`, `if_not_present`, or `never`. Default: depends on the image's tag. */
  readonly policy?: pulumi.Input<"always" | "if_not_present" | "never"> | undefined;
  /** Login at the registry of the image: a user name and a password, or the text that the metro takes, such as base64 of `user:password`. Encrypted in state. Default: `registryCredentials` of the GatewayImage that is given as `image`, else none. */
  readonly credentials?: pulumi.Input<string | RegistryCredentialsArgs> | undefined;
  /** HTTP headers to send when fetching. Encrypted in state. Default: none. */
  readonly headers?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
}

/** How the metro fetches an image. Not every metro supports it. */
export interface ImagePull {
  /** When to fetch: `always`, `if_not_present`, or `never`. Default: depends on the image's tag. */
  readonly policy?: "always" | "if_not_present" | "never" | undefined;
  /** Login at the registry of the image: a user name and a password, or the text that the metro takes, such as base64 of `user:password`. Encrypted in state. Default: `registryCredentials` of the GatewayImage that is given as `image`, else none. */
  readonly credentials?: string | RegistryCredentials | undefined;
  /** HTTP headers to send when fetching. Encrypted in state. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A file given in the program, at most 1 MB. Input form of {@link InlineFile}. */
export interface InlineFileArgs {
  /** Path inside the ROM. */
  readonly path: pulumi.Input<string>;
  /** Content, in the given `encoding`. Encrypted in state. */
  readonly data: pulumi.Input<string>;
  /** Encoding of `data`: `text`, or `base64` for binary content. Default `text`. */
  readonly encoding?: pulumi.Input<"text" | "base64"> | undefined;
}

/** A file given in the program, at most 1 MB. */
export interface InlineFile {
  /** Path inside the ROM. */
  readonly path: string;
  /** Content, in the given `encoding`. Encrypted in state. */
  readonly data: string;
  /** Encoding of `data`: `text`, or `base64` for binary content. Default `text`. */
  readonly encoding: "text" | "base64";
}

/** What an instance must pass before it takes over the addresses of the one that it replaces: a request to it, or, without `path`, a connection to its port. Every condition must hold. Input form of {@link InstanceGate}. */
export interface InstanceGateArgs {
  /** Port inside the instance, 1 to 65,535. */
  readonly port: pulumi.Input<number>;
  /** Path and query to request, such as `/ready`. Default: `port` must accept a connection. */
  readonly path?: pulumi.Input<string> | undefined;
  /** Method of the request. Default `GET`. */
  readonly method?: pulumi.Input<"GET" | "HEAD" | "POST"> | undefined;
  /** Headers of the request. Encrypted in state. Default: none. */
  readonly headers?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Accepted status codes. Default: 200 to 399. */
  readonly statuses?: pulumi.Input<readonly pulumi.Input<number>[]> | undefined;
  /** JSONPath queries and the values that they must find in the body, such as `{ "$.status": "pass" }`. Default: any body. */
  readonly match?: pulumi.Input<Readonly<Record<string, pulumi.Input<string | number | boolean | null>>>> | undefined;
  /** Text that the body must contain. Default: any body. */
  readonly contains?: pulumi.Input<string> | undefined;
  /** Regular expression of JavaScript that the body must match. Default: any body. */
  readonly pattern?: pulumi.Input<string> | undefined;
  /** Pause between two attempts, in milliseconds, 10 to 3,600,000. Default 1,000. */
  readonly intervalMs?: pulumi.Input<number> | undefined;
  /** Time limit of one attempt, in milliseconds, 10 to 3,600,000. Default 5,000. */
  readonly timeoutMs?: pulumi.Input<number> | undefined;
  /** Number of successes in a row that pass, 1 to 100. Default 1. */
  readonly successThreshold?: pulumi.Input<number> | undefined;
  /** Number of failures in a row after which the update fails, 0 to 1,000; 0: only the time limit of the operation counts (the option `customTimeouts`). Default 0. */
  readonly failureThreshold?: pulumi.Input<number> | undefined;
  /** Time after a start in which failures do not count, in milliseconds, 0 to 3,600,000. Default 0. */
  readonly startPeriodMs?: pulumi.Input<number> | undefined;
}

/** What an instance must pass before it takes over the addresses of the one that it replaces: a request to it, or, without `path`, a connection to its port. Every condition must hold. */
export interface InstanceGate {
  /** Port inside the instance, 1 to 65,535. */
  readonly port: number;
  /** Path and query to request, such as `/ready`. Default: `port` must accept a connection. */
  readonly path?: string | undefined;
  /** Method of the request. Default `GET`. */
  readonly method?: "GET" | "HEAD" | "POST" | undefined;
  /** Headers of the request. Encrypted in state. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Accepted status codes. Default: 200 to 399. */
  readonly statuses?: readonly number[] | undefined;
  /** JSONPath queries and the values that they must find in the body, such as `{ "$.status": "pass" }`. Default: any body. */
  readonly match?: Readonly<Record<string, string | number | boolean | null>> | undefined;
  /** Text that the body must contain. Default: any body. */
  readonly contains?: string | undefined;
  /** Regular expression of JavaScript that the body must match. Default: any body. */
  readonly pattern?: string | undefined;
  /** Pause between two attempts, in milliseconds, 10 to 3,600,000. Default 1,000. */
  readonly intervalMs?: number | undefined;
  /** Time limit of one attempt, in milliseconds, 10 to 3,600,000. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Number of successes in a row that pass, 1 to 100. Default 1. */
  readonly successThreshold?: number | undefined;
  /** Number of failures in a row after which the update fails, 0 to 1,000; 0: only the time limit of the operation counts (the option `customTimeouts`). Default 0. */
  readonly failureThreshold?: number | undefined;
  /** Time after a start in which failures do not count, in milliseconds, 0 to 3,600,000. Default 0. */
  readonly startPeriodMs?: number | undefined;
}

/** An instance as the API reports it. */
export interface InstanceInfo {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
  /** State, such as `running`, `standby` or `stopped`. */
  readonly state: string;
  /** `micro` or `full`. */
  readonly type?: string | undefined;
  /** Reference of the running image, with its digest. */
  readonly image: string;
  /** Digest of the running image; empty if the API does not report it. */
  readonly digest: string;
  /** Argument list of the program. */
  readonly args: readonly string[];
  /** Memory in MiB. */
  readonly memoryMb?: number | undefined;
  /** Number of virtual CPUs. */
  readonly vcpus?: number | undefined;
  /** `never`, `always` or `on-failure`. */
  readonly restartPolicy?: string | undefined;
  /** Progress of repeated restarts; absent unless the restart policy is restarting the instance. */
  readonly restart?: InstanceRestart | undefined;
  /** When the instance goes to standby. */
  readonly scaleToZero?: ScaleToZeroInfo | undefined;
  /** Creation time, RFC 3339. */
  readonly createdAt?: string | undefined;
  /** Time of the last start, RFC 3339; absent before the first. */
  readonly startedAt?: string | undefined;
  /** Time of the last stop, RFC 3339; absent before the first. */
  readonly stoppedAt?: string | undefined;
  /** End of the retention of a deleted instance, RFC 3339; absent unless it was deleted. */
  readonly retainedUntil?: string | undefined;
  /** Number of starts. */
  readonly startCount?: number | undefined;
  /** Number of restarts by the restart policy. */
  readonly restartCount?: number | undefined;
  /** Total running time over all starts, in milliseconds. */
  readonly uptimeMs?: number | undefined;
  /** Time from the last start until the program ran, in microseconds. */
  readonly bootTimeUs?: number | undefined;
  /** Time from the last start until the program listened on a port, in microseconds. */
  readonly netTimeUs?: number | undefined;
  /** Reason of the stop, as a sentence; absent unless stopped. */
  readonly stopReason?: string | undefined;
  /** Details of the stop, such as `page fault, out of memory`; absent unless stopped. */
  readonly stopCode?: string | undefined;
  /** Exit code of the program; absent unless it exited by itself. */
  readonly exitCode?: number | undefined;
  /** Service of the instance; absent if it has none. */
  readonly service?: InstanceServiceInfo | undefined;
  /** Mounted volumes. */
  readonly volumes: readonly MountedVolume[];
  /** Network interfaces. */
  readonly networkInterfaces: readonly NetworkInterfaceInfo[];
  /** Address in the metro's private network. */
  readonly privateIp?: string | undefined;
  /** Name in the metro's private network. */
  readonly privateFqdn?: string | undefined;
  /** Scheduling priority of the virtual CPUs. */
  readonly schedPriority?: string | undefined;
  /** Tags. */
  readonly tags: readonly string[];
  /** Annotations by key. */
  readonly annotations: Readonly<Record<string, string>>;
  /** True if the instance is locked against deletion. */
  readonly deleteLock: boolean;
  /** Changes that are applied at the next stop, or failed at the last one. */
  readonly updates: readonly InstanceUpdate[];
}

/** Progress of repeated restarts by the restart policy. */
export interface InstanceRestart {
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** Time of the next attempt, RFC 3339. */
  readonly nextAt?: string | undefined;
}

/** A service group that is created with an instance and deleted with its last instance. Input form of {@link InstanceServiceGroup}. */
export interface InstanceServiceGroupArgs {
  /** Name of the group. Default: chosen by the metro. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Published ports. */
  readonly ports: pulumi.Input<readonly pulumi.Input<ServicePortArgs>[]>;
  /** Domain names. Default: one that the metro derives from the name. */
  readonly domains?: pulumi.Input<readonly pulumi.Input<ServiceDomainArgs>[]> | undefined;
  /** Requests or connections in flight per instance before another instance is woken, 1 to 65,535. Default 1. */
  readonly softLimit?: pulumi.Input<number> | undefined;
  /** Maximum requests or connections in flight per instance, 1 to 65,535; more are rejected. At least `softLimit`. Default 65,535. */
  readonly hardLimit?: pulumi.Input<number> | undefined;
}

/** A service group that is created with an instance and deleted with its last instance. */
export interface InstanceServiceGroup {
  /** Name of the group. Default: chosen by the metro. */
  readonly name: string;
  /** Published ports. */
  readonly ports: readonly ServicePort[];
  /** Domain names. Default: one that the metro derives from the name. */
  readonly domains?: readonly ServiceDomain[] | undefined;
  /** Requests or connections in flight per instance before another instance is woken, 1 to 65,535. Default 1. */
  readonly softLimit: number;
  /** Maximum requests or connections in flight per instance, 1 to 65,535; more are rejected. At least `softLimit`. Default 65,535. */
  readonly hardLimit: number;
}

/** The service of an instance. */
export interface InstanceServiceInfo {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
  /** Domain names, without a trailing dot. */
  readonly fqdns: readonly string[];
}

/** Template of the replicas. Input form of {@link InstanceTemplate}. */
export interface InstanceTemplateArgs {
  /** Image to boot: a GatewayImage, or a reference such as its `ref` (`repository@sha256:…`). The GatewayImage itself brings its `registryCredentials` along for `imagePull.credentials`. */
  readonly image: AnyGatewayImage | pulumi.Input<string>;
  /** How the metro fetches the image. Used at creation and when `image` changes. Default: the metro decides. */
  readonly imagePull?: pulumi.Input<ImagePullArgs> | undefined;
  /** Complete argument list of the program. Default: the arguments in the image. */
  readonly args?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Environment variables, added to those of the image and overriding them. Encrypted in state. Default: none. */
  readonly env?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Memory in MiB, at least 16. Default 128. */
  readonly memoryMb?: pulumi.Input<number> | undefined;
  /** Number of virtual CPUs, at least 1. Default 1. */
  readonly vcpus?: pulumi.Input<number> | undefined;
  /** Volumes to mount. Default: none. */
  readonly volumes?: pulumi.Input<readonly pulumi.Input<VolumeMountArgs>[]> | undefined;
  /** Volumes created and deleted together with the instance. Default: none. */
  readonly ephemeralVolumes?: pulumi.Input<readonly pulumi.Input<EphemeralVolumeArgs>[]> | undefined;
  /** When to restart the program: `always` (exit code 0 included), `on-failure`, or `never`. Default `always`. */
  readonly restartPolicy?: pulumi.Input<"never" | "always" | "on-failure"> | undefined;
  /** When the instance may go to standby. Each member that is left out comes from the image's labels `cloud.unikraft.v1.instances/scale_to_zero.*`, if it has them. Default: as the labels say, else never. */
  readonly scaleToZero?: pulumi.Input<ScaleToZeroArgs> | undefined;
  /** `delete-on-stop`: the platform deletes the instance once it stops; meant for jobs. Default: none. */
  readonly features?: pulumi.Input<readonly pulumi.Input<"delete-on-stop">[]> | undefined;
  /** Read-only file systems, up to 8, each from an image or from files given here. Default: none. */
  readonly roms?: pulumi.Input<readonly pulumi.Input<RomArgs>[]> | undefined;
  /** Platform plugins, up to 8. Default: none. */
  readonly plugins?: pulumi.Input<readonly pulumi.Input<PluginArgs>[]> | undefined;
  /** Tags of the instance, up to 13. Default: none. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Annotations, up to 256: `[prefix/]name` → text without control characters. The guest sees a change at its next boot. Default: none. */
  readonly annotations?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Host name of the guest, a DNS label. Default: the name of the instance. */
  readonly hostname?: pulumi.Input<string> | undefined;
  /** Ids or names of instances to start before this one. Default: none. */
  readonly dependencies?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Actions at scheduled times. Default: none. */
  readonly schedules?: pulumi.Input<readonly pulumi.Input<ScheduleArgs>[]> | undefined;
  /** When the platform deletes the instance automatically. Default: never. */
  readonly autokill?: pulumi.Input<AutokillArgs> | undefined;
  /** Scheduling priority of the virtual CPUs. Any other than `normal` needs an account privilege. Default `normal`. */
  readonly schedPriority?: pulumi.Input<"normal" | "medium" | "high" | "admin"> | undefined;
  /** Machine type: `micro`, or `full` with more devices but without scale-to-zero, templates, branches and checkpoints. Default `micro`. */
  readonly type?: pulumi.Input<"micro" | "full"> | undefined;
  /** Number of GPUs, 0 or 1; needs `type: "full"`. Default 0. */
  readonly gpus?: pulumi.Input<number> | undefined;
  /** IP address of the gateway; only with `networkInterfaces`. Default: chosen by the platform. */
  readonly gateway?: pulumi.Input<string> | undefined;
  /** IP address of the name server; only with `networkInterfaces`. Default: chosen by the platform. */
  readonly nameserver?: pulumi.Input<string> | undefined;
  /** Network interfaces, up to 4; needs an account privilege. Default: one, created by the platform. */
  readonly networkInterfaces?: pulumi.Input<readonly pulumi.Input<NetworkInterfaceArgs>[]> | undefined;
}

/** Template of the replicas. */
export interface InstanceTemplate {
  /** Image to boot: a GatewayImage, or a reference such as its `ref` (`repository@sha256:…`). The GatewayImage itself brings its `registryCredentials` along for `imagePull.credentials`. */
  readonly image: string;
  /** How the metro fetches the image. Used at creation and when `image` changes. Default: the metro decides. */
  readonly imagePull?: ImagePull | undefined;
  /** Complete argument list of the program. Default: the arguments in the image. */
  readonly args?: readonly string[] | undefined;
  /** Environment variables, added to those of the image and overriding them. Encrypted in state. Default: none. */
  readonly env: Readonly<Record<string, string>>;
  /** Memory in MiB, at least 16. Default 128. */
  readonly memoryMb: number;
  /** Number of virtual CPUs, at least 1. Default 1. */
  readonly vcpus: number;
  /** Volumes to mount. Default: none. */
  readonly volumes: readonly VolumeMount[];
  /** Volumes created and deleted together with the instance. Default: none. */
  readonly ephemeralVolumes: readonly EphemeralVolume[];
  /** When to restart the program: `always` (exit code 0 included), `on-failure`, or `never`. Default `always`. */
  readonly restartPolicy: "never" | "always" | "on-failure";
  /** When the instance may go to standby. Each member that is left out comes from the image's labels `cloud.unikraft.v1.instances/scale_to_zero.*`, if it has them. Default: as the labels say, else never. */
  readonly scaleToZero?: ScaleToZero | undefined;
  /** `delete-on-stop`: the platform deletes the instance once it stops; meant for jobs. Default: none. */
  readonly features: readonly "delete-on-stop"[];
  /** Read-only file systems, up to 8, each from an image or from files given here. Default: none. */
  readonly roms: readonly Rom[];
  /** Platform plugins, up to 8. Default: none. */
  readonly plugins: readonly Plugin[];
  /** Tags of the instance, up to 13. Default: none. */
  readonly tags: readonly string[];
  /** Annotations, up to 256: `[prefix/]name` → text without control characters. The guest sees a change at its next boot. Default: none. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Host name of the guest, a DNS label. Default: the name of the instance. */
  readonly hostname?: string | undefined;
  /** Ids or names of instances to start before this one. Default: none. */
  readonly dependencies: readonly string[];
  /** Actions at scheduled times. Default: none. */
  readonly schedules: readonly Schedule[];
  /** When the platform deletes the instance automatically. Default: never. */
  readonly autokill?: Autokill | undefined;
  /** Scheduling priority of the virtual CPUs. Any other than `normal` needs an account privilege. Default `normal`. */
  readonly schedPriority: "normal" | "medium" | "high" | "admin";
  /** Machine type: `micro`, or `full` with more devices but without scale-to-zero, templates, branches and checkpoints. Default `micro`. */
  readonly type: "micro" | "full";
  /** Number of GPUs, 0 or 1; needs `type: "full"`. Default 0. */
  readonly gpus: number;
  /** IP address of the gateway; only with `networkInterfaces`. Default: chosen by the platform. */
  readonly gateway?: string | undefined;
  /** IP address of the name server; only with `networkInterfaces`. Default: chosen by the platform. */
  readonly nameserver?: string | undefined;
  /** Network interfaces, up to 4; needs an account privilege. Default: one, created by the platform. */
  readonly networkInterfaces: readonly NetworkInterface[];
}

/** A change that is applied at the next stop, or failed at the last one. */
export interface InstanceUpdate {
  /** Name of the property in the API. */
  readonly property: string;
  /** `pending` or `failed`. */
  readonly status: string;
  /** Reason of the failure; absent while pending. */
  readonly error?: string | undefined;
}

/** A metro. */
export interface MetroInfo {
  /** Code, usable as `unikernel:metro`. */
  readonly name: string;
  /** URL of the metro's API. */
  readonly endpoint: string;
  /** IATA code of the nearest airport. */
  readonly iataCode?: string | undefined;
  /** Country code. */
  readonly country?: string | undefined;
}

/** A volume mounted in an instance. */
export interface MountedVolume {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
  /** Path in the guest. */
  readonly at: string;
  /** True if it is mounted read-only. */
  readonly readonly: boolean;
}

/** A network interface of an instance. Input form of {@link NetworkInterface}. */
export interface NetworkInterfaceArgs {
  /** Name, unique in the instance. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Network to be in: on metro `local` a name, which exists with its first member; elsewhere the TAP device of the host. Default: chosen by the platform. */
  readonly network?: pulumi.Input<string> | undefined;
  /** IP address with prefix length, such as `10.1.0.4/24`; requires `network`. On metro `local` required with several interfaces. Default: chosen by the platform. */
  readonly ip?: pulumi.Input<string> | undefined;
  /** MAC address, such as `12:b0:0a:00:04:11`; requires `network`. Default: chosen by the platform. */
  readonly mac?: pulumi.Input<string> | undefined;
  /** Address of another instance in the network, through which `routes` are reached; only on metro `local`. Default: none. */
  readonly gateway?: pulumi.Input<string> | undefined;
  /** Subnets that are reached through `gateway`, such as `10.2.0.0/24`; only on metro `local`. Default: everything outside of the interface's networks, with a `gateway`. */
  readonly routes?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Configure the address in the guest at boot. Default true. */
  readonly autoconfig?: pulumi.Input<boolean> | undefined;
  /** Relay the traffic through another interface. Default: none. */
  readonly relay?: pulumi.Input<NetworkRelayArgs> | undefined;
}

/** A network interface of an instance. */
export interface NetworkInterface {
  /** Name, unique in the instance. */
  readonly name: string;
  /** Network to be in: on metro `local` a name, which exists with its first member; elsewhere the TAP device of the host. Default: chosen by the platform. */
  readonly network?: string | undefined;
  /** IP address with prefix length, such as `10.1.0.4/24`; requires `network`. On metro `local` required with several interfaces. Default: chosen by the platform. */
  readonly ip?: string | undefined;
  /** MAC address, such as `12:b0:0a:00:04:11`; requires `network`. Default: chosen by the platform. */
  readonly mac?: string | undefined;
  /** Address of another instance in the network, through which `routes` are reached; only on metro `local`. Default: none. */
  readonly gateway?: string | undefined;
  /** Subnets that are reached through `gateway`, such as `10.2.0.0/24`; only on metro `local`. Default: everything outside of the interface's networks, with a `gateway`. */
  readonly routes?: readonly string[] | undefined;
  /** Configure the address in the guest at boot. Default true. */
  readonly autoconfig: boolean;
  /** Relay the traffic through another interface. Default: none. */
  readonly relay?: NetworkRelay | undefined;
}

/** A network interface of an instance, as the API reports it. */
export interface NetworkInterfaceInfo {
  /** UUID. */
  readonly uuid?: string | undefined;
  /** Name. */
  readonly name: string;
  /** IP address in the private network. */
  readonly privateIp?: string | undefined;
  /** MAC address. */
  readonly mac?: string | undefined;
}

/** A relay of traffic through another interface. Input form of {@link NetworkRelay}. */
export interface NetworkRelayArgs {
  /** UUID or name of the interface to relay through. */
  readonly interface: pulumi.Input<string>;
  /** Relay DNS queries too. Default true. */
  readonly relayDns?: pulumi.Input<boolean> | undefined;
}

/** A relay of traffic through another interface. */
export interface NetworkRelay {
  /** UUID or name of the interface to relay through. */
  readonly interface: string;
  /** Relay DNS queries too. Default true. */
  readonly relayDns: boolean;
}

/** A change that is applied at the next stop, or failed at the last one. */
export interface PendingUpdate {
  /** Name of the property in the API. */
  readonly property: string;
  /** `pending` or `failed`. */
  readonly status: string;
  /** Reason of the failure; absent while pending. */
  readonly error?: string | undefined;
}

/** A platform plugin that runs beside the instance's program. Input form of {@link Plugin}. */
export interface PluginArgs {
  /** Name, unique in the instance: 1 to 63 letters, digits, `-` or `_`. */
  readonly name: pulumi.Input<string>;
  /** Image of the plugin. */
  readonly rom: pulumi.Input<string>;
  /** Settings of the plugin: any JSON value. Encrypted in state. Default: none. */
  readonly config?: pulumi.Input<unknown> | undefined;
}

/** A platform plugin that runs beside the instance's program. */
export interface Plugin {
  /** Name, unique in the instance: 1 to 63 letters, digits, `-` or `_`. */
  readonly name: string;
  /** Image of the plugin. */
  readonly rom: string;
  /** Settings of the plugin: any JSON value. Encrypted in state. Default: none. */
  readonly config?: unknown | undefined;
}

/** Quotas of the account. */
export interface QuotaHard {
  /** Number of instances. */
  readonly instances?: number | undefined;
  /** Number of instances that are not stopped. */
  readonly liveInstances?: number | undefined;
  /** Virtual CPUs of live instances. */
  readonly liveVcpus?: number | undefined;
  /** Memory of live instances in MiB. */
  readonly liveMemoryMb?: number | undefined;
  /** Number of services. */
  readonly serviceGroups?: number | undefined;
  /** Number of published ports of all services. */
  readonly services?: number | undefined;
  /** Number of volumes. */
  readonly volumes?: number | undefined;
  /** Size of all volumes in MiB. */
  readonly totalVolumeMb?: number | undefined;
}

/** Limits of a single object. */
export interface QuotaLimits {
  /** Minimum memory of an instance in MiB. */
  readonly minMemoryMb?: number | undefined;
  /** Maximum memory of an instance in MiB. */
  readonly maxMemoryMb?: number | undefined;
  /** Minimum number of virtual CPUs of an instance. */
  readonly minVcpus?: number | undefined;
  /** Maximum number of virtual CPUs of an instance. */
  readonly maxVcpus?: number | undefined;
  /** Minimum size of a volume in MiB. */
  readonly minVolumeMb?: number | undefined;
  /** Maximum size of a volume in MiB. */
  readonly maxVolumeMb?: number | undefined;
  /** Minimum number of instances of an autoscaled service. */
  readonly minAutoscaleSize?: number | undefined;
  /** Maximum number of instances of an autoscaled service. */
  readonly maxAutoscaleSize?: number | undefined;
}

/** Current use of the account's quotas. */
export interface QuotaUse {
  /** Number of instances. */
  readonly instances?: number | undefined;
  /** Number of instances that are not stopped. */
  readonly liveInstances?: number | undefined;
  /** Virtual CPUs of live instances. */
  readonly liveVcpus?: number | undefined;
  /** Memory of live instances in MiB. */
  readonly liveMemoryMb?: number | undefined;
  /** Number of services. */
  readonly serviceGroups?: number | undefined;
  /** Number of published ports of all services. */
  readonly services?: number | undefined;
  /** Number of volumes. */
  readonly volumes?: number | undefined;
  /** Size of all volumes in MiB. */
  readonly totalVolumeMb?: number | undefined;
}

/** Login at a registry. Input form of {@link RegistryCredentials}. */
export interface RegistryCredentialsArgs {
  /** User name, or what the registry uses in its place. */
  readonly username: pulumi.Input<string>;
  /** Password or access token. */
  readonly password: pulumi.Input<string>;
}

/** Login at a registry. */
export interface RegistryCredentials {
  /** User name, or what the registry uses in its place. */
  readonly username: string;
  /** Password or access token. */
  readonly password: string;
}

/** The request that makes the replicas load their configuration again. Input form of {@link Reload}. */
export interface ReloadArgs {
  /** Path and query to request, such as `/tyk/reload?block=true`. */
  readonly path: pulumi.Input<string>;
  /** Port inside the instance, 1 to 65,535. Default for `http`: where the first port with the handler `http` leads, or the only TCP port; for `tcp`: where every TCP port leads. */
  readonly port?: pulumi.Input<number> | undefined;
  /** Method of the request. Default `GET`. */
  readonly method?: pulumi.Input<"GET" | "POST" | "PUT"> | undefined;
  /** Headers of the request. Encrypted in state. Default: none. */
  readonly headers?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** What the response must be. A connection that fails and a status from 500 on are tried again for `rollout.healthyWithinMs`; any other response that is not as expected fails the update. Default: a status from 200 to 399. */
  readonly expect?: pulumi.Input<ReloadExpectArgs> | undefined;
  /** `member`: each replica gets its own request, past the service; only in metro `local`. `group`: one request through the service, for gateways that tell each other; replicas in standby are woken first, and `port` must be published. Default `member`. */
  readonly scope?: pulumi.Input<"member" | "group"> | undefined;
}

/** The request that makes the replicas load their configuration again. */
export interface Reload {
  /** Path and query to request, such as `/tyk/reload?block=true`. */
  readonly path: string;
  /** Port inside the instance, 1 to 65,535. Default for `http`: where the first port with the handler `http` leads, or the only TCP port; for `tcp`: where every TCP port leads. */
  readonly port?: number | undefined;
  /** Method of the request. Default `GET`. */
  readonly method?: "GET" | "POST" | "PUT" | undefined;
  /** Headers of the request. Encrypted in state. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What the response must be. A connection that fails and a status from 500 on are tried again for `rollout.healthyWithinMs`; any other response that is not as expected fails the update. Default: a status from 200 to 399. */
  readonly expect?: ReloadExpect | undefined;
  /** `member`: each replica gets its own request, past the service; only in metro `local`. `group`: one request through the service, for gateways that tell each other; replicas in standby are woken first, and `port` must be published. Default `member`. */
  readonly scope?: "member" | "group" | undefined;
}

/** What the response to a reload must be. Every condition must hold. Input form of {@link ReloadExpect}. */
export interface ReloadExpectArgs {
  /** Accepted status codes. Default: 200 to 399. */
  readonly statuses?: pulumi.Input<readonly pulumi.Input<number>[]> | undefined;
  /** JSONPath queries and the values that they must find in the body, such as `{ "$.status": "pass" }`. Default: any body. */
  readonly match?: pulumi.Input<Readonly<Record<string, pulumi.Input<string | number | boolean | null>>>> | undefined;
  /** Text that the body must contain. Default: any body. */
  readonly contains?: pulumi.Input<string> | undefined;
  /** Regular expression of JavaScript that the body must match. Default: any body. */
  readonly pattern?: pulumi.Input<string> | undefined;
}

/** What the response to a reload must be. Every condition must hold. */
export interface ReloadExpect {
  /** Accepted status codes. Default: 200 to 399. */
  readonly statuses?: readonly number[] | undefined;
  /** JSONPath queries and the values that they must find in the body, such as `{ "$.status": "pass" }`. Default: any body. */
  readonly match?: Readonly<Record<string, string | number | boolean | null>> | undefined;
  /** Text that the body must contain. Default: any body. */
  readonly contains?: string | undefined;
  /** Regular expression of JavaScript that the body must match. Default: any body. */
  readonly pattern?: string | undefined;
}

/** Progress of repeated restarts by the restart policy. */
export interface RestartSequence {
  /** Number of restarts so far in this sequence. */
  readonly attempt: number;
  /** Time of the next restart, RFC 3339; absent unless one is scheduled. */
  readonly nextAt?: string | undefined;
}

/** How a rolling update replaces replicas when the template changes. Input form of {@link Rollout}. */
export interface RolloutArgs {
  /** `rolling`: replace a few replicas at a time. `canary`: the same in `steps` with pauses. `blueGreen`: launch a complete second set, then move all connections at once; in the cloud the `domains` move, which are required there. `recreate`: stop the old replicas first. `inPlace`: stop, change and start each replica. Default `rolling`, or `recreate` if the template writes to a volume that one instance may hold. */
  readonly strategy?: pulumi.Input<"rolling" | "blueGreen" | "canary" | "recreate" | "inPlace"> | undefined;
  /** For `rolling` and `canary`: maximum number of extra replicas during the update, 0 to 253, or a percentage of `replicas` such as `"25%"`, rounded up. Default 1. */
  readonly maxSurge?: pulumi.Input<number | string> | undefined;
  /** For `rolling`, `canary` and `inPlace`: maximum number of missing replicas during the update, 0 to 253, or a percentage of `replicas` such as `"25%"`, rounded down. Default 0; for `inPlace` 1. */
  readonly maxUnavailable?: pulumi.Input<number | string> | undefined;
  /** For `canary`, which requires it: the steps before the update of all replicas. */
  readonly steps?: pulumi.Input<readonly pulumi.Input<CanaryStepArgs>[]> | undefined;
  /** For `blueGreen`: how long the old replicas are kept, stopped, after the connections moved, in milliseconds, 0 to 86,400,000. The update does not wait for it. Default 0. */
  readonly keepOldForMs?: pulumi.Input<number> | undefined;
  /** How long a new replica must serve without a restart before an old one is removed, in milliseconds, 0 to 3,600,000. Default 0. */
  readonly stableForMs?: pulumi.Input<number> | undefined;
  /** How long a new replica may take to become healthy before the update fails, in milliseconds, 0 to 3,600,000. Default 300,000. */
  readonly healthyWithinMs?: pulumi.Input<number> | undefined;
  /** How long open connections of an old replica may take to finish, in milliseconds, 0 to 3,600,000. Default 60,000. */
  readonly drainTimeoutMs?: pulumi.Input<number> | undefined;
  /** How long a half-closed connection of an old replica may pass no byte before the replica stops waiting for it, in milliseconds, 0 to 3,600,000. It waits for an HTTP response in any case. Default 5,000. Only in metro `local`; in others such a connection counts until `drainTimeoutMs`. */
  readonly halfClosedTimeoutMs?: pulumi.Input<number> | undefined;
  /** Set to true if every volume that the template writes to has the access mode `rwx`, so that replicas can write at the same time. Default false: such a volume belongs to one instance at a time, so the strategy is `recreate`. */
  readonly sharedVolumes?: pulumi.Input<boolean> | undefined;
  /** When a new replica fails: `rollback` restores the old replicas, `pause` stops where the update is, `keepBoth` lets the old and the new replicas that serve go on serving (not for `recreate`). The update fails in each case. Default `rollback`. */
  readonly onFailure?: pulumi.Input<"rollback" | "pause" | "keepBoth"> | undefined;
  /** What a new replica must pass before it gets connections. In metro `local` each replica passes it at every start and wake; in the cloud a candidate with the same template passes it first. Default: its ports accept connections. */
  readonly gate?: pulumi.Input<RolloutGateArgs> | undefined;
}

/** How a rolling update replaces replicas when the template changes. */
export interface Rollout {
  /** `rolling`: replace a few replicas at a time. `canary`: the same in `steps` with pauses. `blueGreen`: launch a complete second set, then move all connections at once; in the cloud the `domains` move, which are required there. `recreate`: stop the old replicas first. `inPlace`: stop, change and start each replica. Default `rolling`, or `recreate` if the template writes to a volume that one instance may hold. */
  readonly strategy?: "rolling" | "blueGreen" | "canary" | "recreate" | "inPlace" | undefined;
  /** For `rolling` and `canary`: maximum number of extra replicas during the update, 0 to 253, or a percentage of `replicas` such as `"25%"`, rounded up. Default 1. */
  readonly maxSurge?: number | string | undefined;
  /** For `rolling`, `canary` and `inPlace`: maximum number of missing replicas during the update, 0 to 253, or a percentage of `replicas` such as `"25%"`, rounded down. Default 0; for `inPlace` 1. */
  readonly maxUnavailable?: number | string | undefined;
  /** For `canary`, which requires it: the steps before the update of all replicas. */
  readonly steps?: readonly CanaryStep[] | undefined;
  /** For `blueGreen`: how long the old replicas are kept, stopped, after the connections moved, in milliseconds, 0 to 86,400,000. The update does not wait for it. Default 0. */
  readonly keepOldForMs?: number | undefined;
  /** How long a new replica must serve without a restart before an old one is removed, in milliseconds, 0 to 3,600,000. Default 0. */
  readonly stableForMs: number;
  /** How long a new replica may take to become healthy before the update fails, in milliseconds, 0 to 3,600,000. Default 300,000. */
  readonly healthyWithinMs: number;
  /** How long open connections of an old replica may take to finish, in milliseconds, 0 to 3,600,000. Default 60,000. */
  readonly drainTimeoutMs: number;
  /** How long a half-closed connection of an old replica may pass no byte before the replica stops waiting for it, in milliseconds, 0 to 3,600,000. It waits for an HTTP response in any case. Default 5,000. Only in metro `local`; in others such a connection counts until `drainTimeoutMs`. */
  readonly halfClosedTimeoutMs?: number | undefined;
  /** Set to true if every volume that the template writes to has the access mode `rwx`, so that replicas can write at the same time. Default false: such a volume belongs to one instance at a time, so the strategy is `recreate`. */
  readonly sharedVolumes: boolean;
  /** When a new replica fails: `rollback` restores the old replicas, `pause` stops where the update is, `keepBoth` lets the old and the new replicas that serve go on serving (not for `recreate`). The update fails in each case. Default `rollback`. */
  readonly onFailure?: "rollback" | "pause" | "keepBoth" | undefined;
  /** What a new replica must pass before it gets connections. In metro `local` each replica passes it at every start and wake; in the cloud a candidate with the same template passes it first. Default: its ports accept connections. */
  readonly gate?: RolloutGate | undefined;
}

/** What a new member must pass before it gets connections. Every condition must hold. Input form of {@link RolloutGate}. */
export interface RolloutGateArgs {
  /** `http`: a request to the member; `tcp`: its ports accept a connection, or only `port`; `running`: it runs. Default `http` with a `path`, else `tcp`. */
  readonly type?: pulumi.Input<"http" | "tcp" | "running"> | undefined;
  /** Path and query to request, such as `/hello` or `/ready?verbose`. Required for `http`. */
  readonly path?: pulumi.Input<string> | undefined;
  /** Port inside the instance, 1 to 65,535. Default for `http`: where the first port with the handler `http` leads, or the only TCP port; for `tcp`: where every TCP port leads. */
  readonly port?: pulumi.Input<number> | undefined;
  /** Method of the request. Default `GET`. */
  readonly method?: pulumi.Input<"GET" | "HEAD" | "POST"> | undefined;
  /** Headers of the request. Encrypted in state. Default: none. */
  readonly headers?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Accepted status codes. Default: 200 to 399. */
  readonly statuses?: pulumi.Input<readonly pulumi.Input<number>[]> | undefined;
  /** JSONPath queries and the values that they must find in the body, such as `{ "$.status": "pass" }`. Default: any body. */
  readonly match?: pulumi.Input<Readonly<Record<string, pulumi.Input<string | number | boolean | null>>>> | undefined;
  /** Text that the body must contain. Default: any body. */
  readonly contains?: pulumi.Input<string> | undefined;
  /** Regular expression of JavaScript that the body must match. Default: any body. */
  readonly pattern?: pulumi.Input<string> | undefined;
  /** Pause between two attempts, in milliseconds, 10 to 3,600,000. Default 1,000. */
  readonly intervalMs?: pulumi.Input<number> | undefined;
  /** Time limit of one attempt, in milliseconds, 10 to 3,600,000. Default 5,000. */
  readonly timeoutMs?: pulumi.Input<number> | undefined;
  /** Number of successes in a row that a member needs to pass, 1 to 100. Default 1. */
  readonly successThreshold?: pulumi.Input<number> | undefined;
  /** Number of failures in a row after which a member has failed, 0 to 1,000; 0: only `healthyWithinMs` counts. Default 0. */
  readonly failureThreshold?: pulumi.Input<number> | undefined;
  /** Time after a start in which failures do not count, in milliseconds, 0 to 3,600,000. Default 0. */
  readonly startPeriodMs?: pulumi.Input<number> | undefined;
  /** Where the metro sends connections to each replica that runs. `candidate`: an instance with the same template passes the gate first, and is deleted. `clone`: it becomes a template, and the replicas are its clones; needs an account with templates. Default `candidate`. No effect in metro `local`, where each replica passes the gate itself. */
  readonly isolation?: pulumi.Input<"candidate" | "clone"> | undefined;
  /** How long the metro `local` lets a connection wait for a replica that has not passed, such as one that just woke, or for the successor of one that stops, in milliseconds, 0 to 3,600,000; then it answers 503. Default: as long as for a start. */
  readonly holdTimeoutMs?: pulumi.Input<number> | undefined;
}

/** What a new member must pass before it gets connections. Every condition must hold. */
export interface RolloutGate {
  /** `http`: a request to the member; `tcp`: its ports accept a connection, or only `port`; `running`: it runs. Default `http` with a `path`, else `tcp`. */
  readonly type?: "http" | "tcp" | "running" | undefined;
  /** Path and query to request, such as `/hello` or `/ready?verbose`. Required for `http`. */
  readonly path?: string | undefined;
  /** Port inside the instance, 1 to 65,535. Default for `http`: where the first port with the handler `http` leads, or the only TCP port; for `tcp`: where every TCP port leads. */
  readonly port?: number | undefined;
  /** Method of the request. Default `GET`. */
  readonly method?: "GET" | "HEAD" | "POST" | undefined;
  /** Headers of the request. Encrypted in state. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Accepted status codes. Default: 200 to 399. */
  readonly statuses?: readonly number[] | undefined;
  /** JSONPath queries and the values that they must find in the body, such as `{ "$.status": "pass" }`. Default: any body. */
  readonly match?: Readonly<Record<string, string | number | boolean | null>> | undefined;
  /** Text that the body must contain. Default: any body. */
  readonly contains?: string | undefined;
  /** Regular expression of JavaScript that the body must match. Default: any body. */
  readonly pattern?: string | undefined;
  /** Pause between two attempts, in milliseconds, 10 to 3,600,000. Default 1,000. */
  readonly intervalMs?: number | undefined;
  /** Time limit of one attempt, in milliseconds, 10 to 3,600,000. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Number of successes in a row that a member needs to pass, 1 to 100. Default 1. */
  readonly successThreshold?: number | undefined;
  /** Number of failures in a row after which a member has failed, 0 to 1,000; 0: only `healthyWithinMs` counts. Default 0. */
  readonly failureThreshold?: number | undefined;
  /** Time after a start in which failures do not count, in milliseconds, 0 to 3,600,000. Default 0. */
  readonly startPeriodMs?: number | undefined;
  /** Where the metro sends connections to each replica that runs. `candidate`: an instance with the same template passes the gate first, and is deleted. `clone`: it becomes a template, and the replicas are its clones; needs an account with templates. Default `candidate`. No effect in metro `local`, where each replica passes the gate itself. */
  readonly isolation?: "candidate" | "clone" | undefined;
  /** How long the metro `local` lets a connection wait for a replica that has not passed, such as one that just woke, or for the successor of one that stops, in milliseconds, 0 to 3,600,000; then it answers 503. Default: as long as for a start. */
  readonly holdTimeoutMs?: number | undefined;
}

/** A read-only file system: an image, or files given in the program. Input form of {@link Rom}. */
export interface RomArgs {
  /** Name, unique in the instance, 1 to 63 characters. */
  readonly name: pulumi.Input<string>;
  /** Image that contains the files. Give either `image` or `files`. */
  readonly image?: pulumi.Input<string> | undefined;
  /** Files, 1 to 16. Give either `image` or `files`. */
  readonly files?: pulumi.Input<readonly pulumi.Input<InlineFileArgs>[]> | undefined;
  /** Absolute path in the guest to mount it at. Default: not mounted. */
  readonly at?: pulumi.Input<string> | undefined;
}

/** A read-only file system: an image, or files given in the program. */
export interface Rom {
  /** Name, unique in the instance, 1 to 63 characters. */
  readonly name: string;
  /** Image that contains the files. Give either `image` or `files`. */
  readonly image?: string | undefined;
  /** Files, 1 to 16. Give either `image` or `files`. */
  readonly files?: readonly InlineFile[] | undefined;
  /** Absolute path in the guest to mount it at. Default: not mounted. */
  readonly at?: string | undefined;
}

/** When an instance may go to standby. The next connection wakes it. Input form of {@link ScaleToZero}. */
export interface ScaleToZeroArgs {
  /** `on`: when no connection is open for the cooldown time; `idle`: also while open connections are idle; `off`: never. */
  readonly policy: pulumi.Input<"on" | "idle" | "off">;
  /** Keep the memory during standby; false boots again at each wake. Default: the label of the image, else false. */
  readonly stateful?: pulumi.Input<boolean> | undefined;
  /** Cooldown time before standby, in milliseconds, 0 to 86,400,000. Default: the label of the image, else 1000. */
  readonly cooldownTimeMs?: pulumi.Input<number> | undefined;
  /** How long before standby to send `scaletozero` to port 138 of vsock in the guest, in milliseconds; less than `cooldownTimeMs`. On metro `local` not for Unikraft kernels. Default 0: no warning. */
  readonly notifyTimeMs?: pulumi.Input<number> | undefined;
}

/** When an instance may go to standby. The next connection wakes it. */
export interface ScaleToZero {
  /** `on`: when no connection is open for the cooldown time; `idle`: also while open connections are idle; `off`: never. */
  readonly policy: "on" | "idle" | "off";
  /** Keep the memory during standby; false boots again at each wake. Default: the label of the image, else false. */
  readonly stateful?: boolean | undefined;
  /** Cooldown time before standby, in milliseconds, 0 to 86,400,000. Default: the label of the image, else 1000. */
  readonly cooldownTimeMs?: number | undefined;
  /** How long before standby to send `scaletozero` to port 138 of vsock in the guest, in milliseconds; less than `cooldownTimeMs`. On metro `local` not for Unikraft kernels. Default 0: no warning. */
  readonly notifyTimeMs?: number | undefined;
}

/** Defaults for members of `scaleToZero`. */
export interface ScaleToZeroDefaults {
  /** Default of `policy`; absent without a valid label. */
  readonly policy?: "on" | "idle" | "off" | undefined;
  /** Default of `stateful`; absent without a valid label. */
  readonly stateful?: boolean | undefined;
  /** Default of `cooldownTimeMs`, in milliseconds; absent without a valid label. */
  readonly cooldownTimeMs?: number | undefined;
}

/** When an instance goes to standby, as the API reports it. */
export interface ScaleToZeroInfo {
  /** True if the instance may go to standby. */
  readonly enabled?: boolean | undefined;
  /** `on`, `idle` or `off`. */
  readonly policy?: string | undefined;
  /** True if the memory is kept during standby. */
  readonly stateful?: boolean | undefined;
  /** Cooldown time before standby, in milliseconds. */
  readonly cooldownTimeMs?: number | undefined;
  /** How long before standby the guest is warned, in milliseconds. */
  readonly notifyTimeMs?: number | undefined;
}

/** An action on an instance at scheduled times. Input form of {@link Schedule}. */
export interface ScheduleArgs {
  /** Name, unique in the instance. */
  readonly name: pulumi.Input<string>;
  /** systemd calendar expression in UTC, such as `Mon..Fri 08:00` or `*-*-* 03:00:00`. */
  readonly when: pulumi.Input<string>;
  /** Action: `start`, `stop`, `delete`, `exec` (runs `args`), or `checkpoint`. */
  readonly action: pulumi.Input<"start" | "stop" | "delete" | "exec" | "checkpoint">;
  /** Command line for `exec`, which requires it; not allowed with any other action. */
  readonly args?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
}

/** An action on an instance at scheduled times. */
export interface Schedule {
  /** Name, unique in the instance. */
  readonly name: string;
  /** systemd calendar expression in UTC, such as `Mon..Fri 08:00` or `*-*-* 03:00:00`. */
  readonly when: string;
  /** Action: `start`, `stop`, `delete`, `exec` (runs `args`), or `checkpoint`. */
  readonly action: "start" | "stop" | "delete" | "exec" | "checkpoint";
  /** Command line for `exec`, which requires it; not allowed with any other action. */
  readonly args?: readonly string[] | undefined;
}

/** When a schedule of an instance acts next. */
export interface ScheduleTime {
  /** Name of the schedule. */
  readonly name: string;
  /** Time of the next action, RFC 3339. */
  readonly nextAt: string;
}

/** When the platform deletes a service automatically. Input form of {@link ServiceAutokill}. */
export interface ServiceAutokillArgs {
  /** Delete the service when it has had no instance for this long, in milliseconds; 0: never. */
  readonly timeMs: pulumi.Input<number>;
}

/** When the platform deletes a service automatically. */
export interface ServiceAutokill {
  /** Delete the service when it has had no instance for this long, in milliseconds; 0: never. */
  readonly timeMs: number;
}

/** The certificate of a domain of a service. */
export interface ServiceCertificate {
  /** Fully qualified domain name. */
  readonly domain: string;
  /** UUID of the certificate. */
  readonly uuid: string;
  /** Name of the certificate. */
  readonly name: string;
  /** `valid`, `error`, or `pending`: being issued, and the domain not served yet. */
  readonly state: string;
}

/** A domain name of a service. Input form of {@link ServiceDomain}. */
export interface ServiceDomainArgs {
  /** A label below the metro's domain, such as `shop`, or your own domain name, such as `www.example.com`, with a CNAME record that points to the metro. A wildcard needs a `certificate`. */
  readonly name: pulumi.Input<string>;
  /** Id or name of a Certificate for your own domain name. Default: a matching certificate, else one that the platform obtains. */
  readonly certificate?: pulumi.Input<string> | undefined;
}

/** A domain name of a service. */
export interface ServiceDomain {
  /** A label below the metro's domain, such as `shop`, or your own domain name, such as `www.example.com`, with a CNAME record that points to the metro. A wildcard needs a `certificate`. */
  readonly name: string;
  /** Id or name of a Certificate for your own domain name. Default: a matching certificate, else one that the platform obtains. */
  readonly certificate?: string | undefined;
}

/** A service as the API reports it. */
export interface ServiceInfo {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
  /** Creation time, RFC 3339. */
  readonly createdAt?: string | undefined;
  /** False for a service that is deleted with its last instance. */
  readonly persistent: boolean;
  /** True if an autoscale configuration sets the number of instances. */
  readonly autoscale: boolean;
  /** Requests or connections in flight per instance before another instance is woken from standby. */
  readonly softLimit?: number | undefined;
  /** Maximum requests or connections in flight per instance. */
  readonly hardLimit?: number | undefined;
  /** Published ports. */
  readonly ports: readonly ServicePortInfo[];
  /** Domain names, without a trailing dot. */
  readonly fqdns: readonly string[];
  /** Instances of the service. */
  readonly instances: readonly ServiceMember[];
}

/** A replica, as it was at the last create, update or refresh. */
export interface ServiceInstance {
  /** UUID of the instance. */
  readonly uuid: string;
  /** Name of the instance. */
  readonly name: string;
  /** Digest of the running image; empty if the API does not report it. */
  readonly digest: string;
  /** Hash of the `template` that it was made from; absent if that is not known. */
  readonly template?: string | undefined;
  /** Hash of the `reloadOn` whose configuration it has loaded; absent if none is known. */
  readonly configuration?: string | undefined;
  /** State, such as `running` or `standby`. */
  readonly state: string;
  /** Time from the last start until the program ran, in microseconds. */
  readonly bootTimeUs: number;
  /** Time from the last start until the program listened on a port, in microseconds. */
  readonly netTimeUs: number;
  /** Mean time for which the first connection waited when the replica woke from standby, in milliseconds; absent if it has never woken. */
  readonly wakeLatencyMs?: number | undefined;
  /** Reason of the last stop, such as `it was scaled to zero`; empty before the first stop. */
  readonly stopReason: string;
  /** Number of restarts by the restart policy. */
  readonly restartCount: number;
}

/** An instance of a service. */
export interface ServiceMember {
  /** UUID. */
  readonly uuid: string;
  /** Name. */
  readonly name: string;
}

/** A published port. Input form of {@link ServicePort}. */
export interface ServicePortArgs {
  /** Public port, 1 to 65,535. */
  readonly port: pulumi.Input<number>;
  /** Port in the guest, 1 to 65,535; with the `redirect` handler, the public port to redirect clients to. Default: the same as `port`. */
  readonly destinationPort?: pulumi.Input<number> | undefined;
  /** How the platform handles connections: `tls` terminates TLS, `http` balances by request, `redirect` sends an HTTP redirect. Port 80 needs `http`, port 443 needs `http` and `tls`; any other port takes `tls` or none (plain TCP). Default: none. */
  readonly handlers?: pulumi.Input<readonly pulumi.Input<"tls" | "http" | "redirect">[]> | undefined;
  /** `tcp`, or `udp` in metros that support it; `udp` takes no handlers. Default `tcp`. */
  readonly protocol?: pulumi.Input<"tcp" | "udp"> | undefined;
  /** Public IP address of a `udp` port; needs an account privilege. Default: chosen by the metro. */
  readonly ip?: pulumi.Input<string> | undefined;
}

/** A published port. */
export interface ServicePort {
  /** Public port, 1 to 65,535. */
  readonly port: number;
  /** Port in the guest, 1 to 65,535; with the `redirect` handler, the public port to redirect clients to. Default: the same as `port`. */
  readonly destinationPort?: number | undefined;
  /** How the platform handles connections: `tls` terminates TLS, `http` balances by request, `redirect` sends an HTTP redirect. Port 80 needs `http`, port 443 needs `http` and `tls`; any other port takes `tls` or none (plain TCP). Default: none. */
  readonly handlers: readonly ("tls" | "http" | "redirect")[];
  /** `tcp`, or `udp` in metros that support it; `udp` takes no handlers. Default `tcp`. */
  readonly protocol: "tcp" | "udp";
  /** Public IP address of a `udp` port; needs an account privilege. Default: chosen by the metro. */
  readonly ip?: string | undefined;
}

/** A published port as the API reports it. */
export interface ServicePortInfo {
  /** Public port. */
  readonly port: number;
  /** Port in the guest. */
  readonly destinationPort?: number | undefined;
  /** `tcp` or `udp`. */
  readonly protocol?: string | undefined;
  /** Handlers: `tls`, `http`, `redirect`. */
  readonly handlers: readonly string[];
}

/** How to create a template that does not exist yet. Input form of {@link TemplatePreparation}. */
export interface TemplatePreparationArgs {
  /** Image to boot: a GatewayImage, or a reference such as its `ref` (`repository@sha256:…`). */
  readonly image: AnyGatewayImage | pulumi.Input<string>;
  /** Complete argument list of the program. Default: the arguments in the image. */
  readonly args?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Environment variables, added to those of the image and overriding them. Encrypted in state. Default: none. */
  readonly env?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>> | undefined;
  /** Memory in MiB, at least 16. Default 128. */
  readonly memoryMb?: pulumi.Input<number> | undefined;
  /** Number of virtual CPUs, at least 1. Default 1. */
  readonly vcpus?: pulumi.Input<number> | undefined;
  /** Time limit for creating the template, in milliseconds, 0 to 3,600,000, rounded up to whole seconds. Default 0: the metro's own limit. */
  readonly timeoutMs?: pulumi.Input<number> | undefined;
  /** Delete the template when it has been unused for this long, in milliseconds. Default 0: never. */
  readonly autokillTimeMs?: pulumi.Input<number> | undefined;
}

/** How to create a template that does not exist yet. */
export interface TemplatePreparation {
  /** Image to boot: a GatewayImage, or a reference such as its `ref` (`repository@sha256:…`). */
  readonly image: string;
  /** Complete argument list of the program. Default: the arguments in the image. */
  readonly args?: readonly string[] | undefined;
  /** Environment variables, added to those of the image and overriding them. Encrypted in state. Default: none. */
  readonly env: Readonly<Record<string, string>>;
  /** Memory in MiB, at least 16. Default 128. */
  readonly memoryMb: number;
  /** Number of virtual CPUs, at least 1. Default 1. */
  readonly vcpus: number;
  /** Time limit for creating the template, in milliseconds, 0 to 3,600,000, rounded up to whole seconds. Default 0: the metro's own limit. */
  readonly timeoutMs: number;
  /** Delete the template when it has been unused for this long, in milliseconds. Default 0: never. */
  readonly autokillTimeMs: number;
}

/** A volume as the API reports it. */
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
  /** Free space in MiB; absent if the API does not report it. */
  readonly freeMb?: number | undefined;
  /** False for a volume that is deleted with its instance. */
  readonly persistent: boolean;
  /** File system, such as `ext4`. */
  readonly filesystem?: string | undefined;
  /** `rwo`, `rox` or `rwx`. */
  readonly accessMode?: string | undefined;
  /** `static` or `dynamic`. */
  readonly quotaPolicy?: string | undefined;
  /** Tags. */
  readonly tags: readonly string[];
  /** True if the volume is locked against deletion. */
  readonly deleteLock: boolean;
  /** Instances that the volume is attached to. */
  readonly attachedTo: readonly VolumeUser[];
}

/** A volume mounted into an instance. Input form of {@link VolumeMount}. */
export interface VolumeMountArgs {
  /** Id (`volume.id`) or name of the volume. */
  readonly volume: pulumi.Input<string>;
  /** Absolute path in the guest; created if it does not exist. */
  readonly at: pulumi.Input<string>;
  /** Mount read-only. Default false. */
  readonly readonly?: pulumi.Input<boolean> | undefined;
}

/** A volume mounted into an instance. */
export interface VolumeMount {
  /** Id (`volume.id`) or name of the volume. */
  readonly volume: string;
  /** Absolute path in the guest; created if it does not exist. */
  readonly at: string;
  /** Mount read-only. Default false. */
  readonly readonly: boolean;
}

/** An instance that has a volume mounted. */
export interface VolumeMounter {
  /** UUID of the instance. */
  readonly uuid: string;
  /** Name of the instance. */
  readonly name: string;
  /** True if it is mounted read-only. */
  readonly readonly: boolean;
}

/** An instance that a volume is attached to. */
export interface VolumeUser {
  /** UUID of the instance. */
  readonly uuid: string;
  /** Name of the instance. */
  readonly name: string;
}

/** A wave of a sequence. Input form of {@link WaveReference}. */
export interface WaveReferenceArgs {
  /** Name of the wave. */
  readonly name: pulumi.Input<string>;
  /** How long it bakes, in milliseconds. */
  readonly bakeTimeMs: pulumi.Input<number>;
}

/** A wave of a sequence. */
export interface WaveReference {
  /** Name of the wave. */
  readonly name: string;
  /** How long it bakes, in milliseconds. */
  readonly bakeTimeMs: number;
}

/** A service of a wave, and what it runs. Input form of {@link WaveService}. */
export interface WaveServiceArgs {
  /** Name of the service in messages. */
  readonly name: pulumi.Input<string>;
  /** UUID of the service: the `id` of a Service. */
  readonly uuid: pulumi.Input<string>;
  /** Text that changes with the template of the service, such as a hash of it. */
  readonly revision: pulumi.Input<string>;
}

/** A service of a wave, and what it runs. */
export interface WaveService {
  /** Name of the service in messages. */
  readonly name: string;
  /** UUID of the service: the `id` of a Service. */
  readonly uuid: string;
  /** Text that changes with the template of the service, such as a hash of it. */
  readonly revision: string;
}
