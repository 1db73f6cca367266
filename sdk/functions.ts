// Written by `npm run generate` from provider/resources. Do not edit.
import type * as pulumi from "@pulumi/pulumi";
import { invoke, invokeOutput } from "./invoke";
import type {
  CertificateInfo,
  ImageInfo,
  InstanceInfo,
  InstanceRestart,
  InstanceServiceInfo,
  InstanceUpdate,
  MetroInfo,
  MountedVolume,
  NetworkInterfaceInfo,
  QuotaHard,
  QuotaLimits,
  QuotaUse,
  ScaleToZeroInfo,
  ServiceInfo,
  ServiceMember,
  ServicePortInfo,
  VolumeInfo,
  VolumeUser,
} from "./types";

/** Arguments of {@link getInstance}. */
export interface GetInstanceArgs {
  /** UUID of the instance. Give either this or `name`. */
  readonly uuid?: string | undefined;
  /** Name of the instance. Give either this or `uuid`. */
  readonly name?: string | undefined;
}

/** Arguments of {@link getInstanceOutput}. */
export interface GetInstanceOutputArgs {
  /** UUID of the instance. Give either this or `name`. */
  readonly uuid?: pulumi.Input<string> | undefined;
  /** Name of the instance. Give either this or `uuid`. */
  readonly name?: pulumi.Input<string> | undefined;
}

/** Result of {@link getInstance}. */
export interface GetInstanceResult {
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

/** An instance that exists, whoever made it. Its environment is left out, since it may hold secrets. */
export function getInstance(args: GetInstanceArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetInstanceResult> {
  return invoke<GetInstanceResult>("getInstance", args, opts);
}

/** The same for arguments that are known only at apply. An instance that exists, whoever made it. Its environment is left out, since it may hold secrets. */
export function getInstanceOutput(
  args: GetInstanceOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetInstanceResult> {
  return invokeOutput<GetInstanceResult>("getInstance", args, opts);
}

/** Arguments of {@link getInstances}. */
export interface GetInstancesArgs {
  /** Only instances that have every one of these tags. */
  readonly tags?: readonly string[] | undefined;
  /** Only instances whose name begins with this. */
  readonly namePrefix?: string | undefined;
  /** Only instances in one of these states. */
  readonly states?:
    readonly ("stopped" | "starting" | "running" | "draining" | "stopping" | "standby" | "deleted")[] | undefined;
}

/** Arguments of {@link getInstancesOutput}. */
export interface GetInstancesOutputArgs {
  /** Only instances that have every one of these tags. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Only instances whose name begins with this. */
  readonly namePrefix?: pulumi.Input<string> | undefined;
  /** Only instances in one of these states. */
  readonly states?:
    | pulumi.Input<
        readonly pulumi.Input<"stopped" | "starting" | "running" | "draining" | "stopping" | "standby" | "deleted">[]
      >
    | undefined;
}

/** Result of {@link getInstances}. */
export interface GetInstancesResult {
  /** The instances, oldest first. */
  readonly instances: readonly InstanceInfo[];
}

/** The instances of the account in this metro, oldest first; templates and checkpoints are not among them. */
export function getInstances(args: GetInstancesArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetInstancesResult> {
  return invoke<GetInstancesResult>("getInstances", args, opts);
}

/** The same for arguments that are known only at apply. The instances of the account in this metro, oldest first; templates and checkpoints are not among them. */
export function getInstancesOutput(
  args: GetInstancesOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetInstancesResult> {
  return invokeOutput<GetInstancesResult>("getInstances", args, opts);
}

/** Arguments of {@link getInstanceLogs}. */
export interface GetInstanceLogsArgs {
  /** UUID of the instance. Give either this or `name`. */
  readonly uuid?: string | undefined;
  /** Name of the instance. Give either this or `uuid`. */
  readonly name?: string | undefined;
  /** Where the piece begins; negative counts from the end. Default -4096. */
  readonly offsetBytes?: number | undefined;
  /** Most bytes to return, 0 to 16383. Default 4096. */
  readonly limitBytes?: number | undefined;
}

/** Arguments of {@link getInstanceLogsOutput}. */
export interface GetInstanceLogsOutputArgs {
  /** UUID of the instance. Give either this or `name`. */
  readonly uuid?: pulumi.Input<string> | undefined;
  /** Name of the instance. Give either this or `uuid`. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Where the piece begins; negative counts from the end. Default -4096. */
  readonly offsetBytes?: pulumi.Input<number> | undefined;
  /** Most bytes to return, 0 to 16383. Default 4096. */
  readonly limitBytes?: pulumi.Input<number> | undefined;
}

/** Result of {@link getInstanceLogs}. */
export interface GetInstanceLogsResult {
  /** The piece, as UTF-8 text. */
  readonly output: string;
  /** Offset of its first byte. */
  readonly rangeStart: number;
  /** Offset after its last byte: where the next piece begins. */
  readonly rangeEnd: number;
  /** Offset of the first byte that is still there. */
  readonly availableStart: number;
  /** Offset after the last byte so far. */
  readonly availableEnd: number;
  /** State of the instance when the log was read. */
  readonly state: string;
}

/** A piece of an instance's console log. */
export function getInstanceLogs(
  args: GetInstanceLogsArgs = {},
  opts?: pulumi.InvokeOptions,
): Promise<GetInstanceLogsResult> {
  return invoke<GetInstanceLogsResult>("getInstanceLogs", args, opts);
}

/** The same for arguments that are known only at apply. A piece of an instance's console log. */
export function getInstanceLogsOutput(
  args: GetInstanceLogsOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetInstanceLogsResult> {
  return invokeOutput<GetInstanceLogsResult>("getInstanceLogs", args, opts);
}

/** Arguments of {@link getInstanceMetrics}. */
export interface GetInstanceMetricsArgs {
  /** UUID of the instance. Give either this or `name`. */
  readonly uuid?: string | undefined;
  /** Name of the instance. Give either this or `uuid`. */
  readonly name?: string | undefined;
}

/** Arguments of {@link getInstanceMetricsOutput}. */
export interface GetInstanceMetricsOutputArgs {
  /** UUID of the instance. Give either this or `name`. */
  readonly uuid?: pulumi.Input<string> | undefined;
  /** Name of the instance. Give either this or `uuid`. */
  readonly name?: pulumi.Input<string> | undefined;
}

/** Result of {@link getInstanceMetrics}. */
export interface GetInstanceMetricsResult {
  /** UUID of the instance. */
  readonly uuid: string;
  /** Name of the instance. */
  readonly name: string;
  /** State of the instance. */
  readonly state?: string | undefined;
  /** Milliseconds of running, over all starts. */
  readonly uptimeMs?: number | undefined;
  /** Memory of the machine that it runs in; 0 when stopped. */
  readonly rssBytes?: number | undefined;
  /** Milliseconds of processor time. */
  readonly cpuTimeMs?: number | undefined;
  /** Microseconds from the start until the program ran. */
  readonly bootTimeUs?: number | undefined;
  /** Microseconds from the start until the program listened. */
  readonly netTimeUs?: number | undefined;
  /** Bytes received. */
  readonly rxBytes?: number | undefined;
  /** Packets received. */
  readonly rxPackets?: number | undefined;
  /** Bytes sent. */
  readonly txBytes?: number | undefined;
  /** Packets sent. */
  readonly txPackets?: number | undefined;
  /** Open connections that are not HTTP. */
  readonly nconns?: number | undefined;
  /** HTTP requests in flight. */
  readonly nreqs?: number | undefined;
  /** Requests that wait for the instance. */
  readonly nqueued?: number | undefined;
  /** Requests and connections so far. */
  readonly ntotal?: number | undefined;
}

/** What an instance uses and serves at this moment. */
export function getInstanceMetrics(
  args: GetInstanceMetricsArgs = {},
  opts?: pulumi.InvokeOptions,
): Promise<GetInstanceMetricsResult> {
  return invoke<GetInstanceMetricsResult>("getInstanceMetrics", args, opts);
}

/** The same for arguments that are known only at apply. What an instance uses and serves at this moment. */
export function getInstanceMetricsOutput(
  args: GetInstanceMetricsOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetInstanceMetricsResult> {
  return invokeOutput<GetInstanceMetricsResult>("getInstanceMetrics", args, opts);
}

/** Arguments of {@link getService}. */
export interface GetServiceArgs {
  /** UUID of the service. Give either this or `name`. */
  readonly uuid?: string | undefined;
  /** Name of the service. Give either this or `uuid`. */
  readonly name?: string | undefined;
}

/** Arguments of {@link getServiceOutput}. */
export interface GetServiceOutputArgs {
  /** UUID of the service. Give either this or `name`. */
  readonly uuid?: pulumi.Input<string> | undefined;
  /** Name of the service. Give either this or `uuid`. */
  readonly name?: pulumi.Input<string> | undefined;
}

/** Result of {@link getService}. */
export interface GetServiceResult {
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

/** A service that exists, whoever made it. */
export function getService(args: GetServiceArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetServiceResult> {
  return invoke<GetServiceResult>("getService", args, opts);
}

/** The same for arguments that are known only at apply. A service that exists, whoever made it. */
export function getServiceOutput(
  args: GetServiceOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetServiceResult> {
  return invokeOutput<GetServiceResult>("getService", args, opts);
}

/** Arguments of {@link getServices}. */
export interface GetServicesArgs {
  /** Only services whose name begins with this. */
  readonly namePrefix?: string | undefined;
}

/** Arguments of {@link getServicesOutput}. */
export interface GetServicesOutputArgs {
  /** Only services whose name begins with this. */
  readonly namePrefix?: pulumi.Input<string> | undefined;
}

/** Result of {@link getServices}. */
export interface GetServicesResult {
  /** The services, oldest first. */
  readonly services: readonly ServiceInfo[];
}

/** The services of the account in this metro, oldest first. */
export function getServices(args: GetServicesArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetServicesResult> {
  return invoke<GetServicesResult>("getServices", args, opts);
}

/** The same for arguments that are known only at apply. The services of the account in this metro, oldest first. */
export function getServicesOutput(
  args: GetServicesOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetServicesResult> {
  return invokeOutput<GetServicesResult>("getServices", args, opts);
}

/** Arguments of {@link getVolume}. */
export interface GetVolumeArgs {
  /** UUID of the volume. Give either this or `name`. */
  readonly uuid?: string | undefined;
  /** Name of the volume. Give either this or `uuid`. */
  readonly name?: string | undefined;
}

/** Arguments of {@link getVolumeOutput}. */
export interface GetVolumeOutputArgs {
  /** UUID of the volume. Give either this or `name`. */
  readonly uuid?: pulumi.Input<string> | undefined;
  /** Name of the volume. Give either this or `uuid`. */
  readonly name?: pulumi.Input<string> | undefined;
}

/** Result of {@link getVolume}. */
export interface GetVolumeResult {
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

/** A volume that exists, whoever made it. */
export function getVolume(args: GetVolumeArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetVolumeResult> {
  return invoke<GetVolumeResult>("getVolume", args, opts);
}

/** The same for arguments that are known only at apply. A volume that exists, whoever made it. */
export function getVolumeOutput(
  args: GetVolumeOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetVolumeResult> {
  return invokeOutput<GetVolumeResult>("getVolume", args, opts);
}

/** Arguments of {@link getVolumes}. */
export interface GetVolumesArgs {
  /** Only volumes that have every one of these tags. */
  readonly tags?: readonly string[] | undefined;
  /** Only volumes whose name begins with this. */
  readonly namePrefix?: string | undefined;
}

/** Arguments of {@link getVolumesOutput}. */
export interface GetVolumesOutputArgs {
  /** Only volumes that have every one of these tags. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Only volumes whose name begins with this. */
  readonly namePrefix?: pulumi.Input<string> | undefined;
}

/** Result of {@link getVolumes}. */
export interface GetVolumesResult {
  /** The volumes, oldest first. */
  readonly volumes: readonly VolumeInfo[];
}

/** The volumes of the account in this metro, oldest first; templates are not among them. */
export function getVolumes(args: GetVolumesArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetVolumesResult> {
  return invoke<GetVolumesResult>("getVolumes", args, opts);
}

/** The same for arguments that are known only at apply. The volumes of the account in this metro, oldest first; templates are not among them. */
export function getVolumesOutput(
  args: GetVolumesOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetVolumesResult> {
  return invokeOutput<GetVolumesResult>("getVolumes", args, opts);
}

/** Arguments of {@link getCertificate}. */
export interface GetCertificateArgs {
  /** UUID of the certificate. Give either this or `name`. */
  readonly uuid?: string | undefined;
  /** Name of the certificate. Give either this or `uuid`. */
  readonly name?: string | undefined;
}

/** Arguments of {@link getCertificateOutput}. */
export interface GetCertificateOutputArgs {
  /** UUID of the certificate. Give either this or `name`. */
  readonly uuid?: pulumi.Input<string> | undefined;
  /** Name of the certificate. Give either this or `uuid`. */
  readonly name?: pulumi.Input<string> | undefined;
}

/** Result of {@link getCertificate}. */
export interface GetCertificateResult {
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

/** A certificate that exists, uploaded or issued for a domain. Chain and key are never reported. */
export function getCertificate(
  args: GetCertificateArgs = {},
  opts?: pulumi.InvokeOptions,
): Promise<GetCertificateResult> {
  return invoke<GetCertificateResult>("getCertificate", args, opts);
}

/** The same for arguments that are known only at apply. A certificate that exists, uploaded or issued for a domain. Chain and key are never reported. */
export function getCertificateOutput(
  args: GetCertificateOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetCertificateResult> {
  return invokeOutput<GetCertificateResult>("getCertificate", args, opts);
}

/** Arguments of {@link getCertificates}. */
export interface GetCertificatesArgs {
  /** Only certificates whose name begins with this. */
  readonly namePrefix?: string | undefined;
  /** Only certificates for this domain. */
  readonly commonName?: string | undefined;
}

/** Arguments of {@link getCertificatesOutput}. */
export interface GetCertificatesOutputArgs {
  /** Only certificates whose name begins with this. */
  readonly namePrefix?: pulumi.Input<string> | undefined;
  /** Only certificates for this domain. */
  readonly commonName?: pulumi.Input<string> | undefined;
}

/** Result of {@link getCertificates}. */
export interface GetCertificatesResult {
  /** The certificates, oldest first. */
  readonly certificates: readonly CertificateInfo[];
}

/** The certificates of the account in this metro, oldest first. */
export function getCertificates(
  args: GetCertificatesArgs = {},
  opts?: pulumi.InvokeOptions,
): Promise<GetCertificatesResult> {
  return invoke<GetCertificatesResult>("getCertificates", args, opts);
}

/** The same for arguments that are known only at apply. The certificates of the account in this metro, oldest first. */
export function getCertificatesOutput(
  args: GetCertificatesOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetCertificatesResult> {
  return invokeOutput<GetCertificatesResult>("getCertificates", args, opts);
}

/** Arguments of {@link getImages}. */
export interface GetImagesArgs {
  /** Only images with one of these digests. */
  readonly digests?: readonly string[] | undefined;
  /** Only images with one of these references, such as `acme/shop:1.4`. */
  readonly tags?: readonly string[] | undefined;
}

/** Arguments of {@link getImagesOutput}. */
export interface GetImagesOutputArgs {
  /** Only images with one of these digests. */
  readonly digests?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Only images with one of these references, such as `acme/shop:1.4`. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
}

/** Result of {@link getImages}. */
export interface GetImagesResult {
  /** The images. */
  readonly images: readonly ImageInfo[];
}

/** The images that instances of this metro can boot. */
export function getImages(args: GetImagesArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetImagesResult> {
  return invoke<GetImagesResult>("getImages", args, opts);
}

/** The same for arguments that are known only at apply. The images that instances of this metro can boot. */
export function getImagesOutput(
  args: GetImagesOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetImagesResult> {
  return invokeOutput<GetImagesResult>("getImages", args, opts);
}

/** Result of {@link getQuotas}. */
export interface GetQuotasResult {
  /** UUID of the user, which identifies the account. */
  readonly uuid: string;
  /** What is used. */
  readonly used: QuotaUse;
  /** What may be used. */
  readonly hard: QuotaHard;
  /** Ranges for one object. */
  readonly limits: QuotaLimits;
}

/** What the account uses and may use in this metro. */
export function getQuotas(opts?: pulumi.InvokeOptions): Promise<GetQuotasResult> {
  return invoke<GetQuotasResult>("getQuotas", {}, opts);
}

/** The same for arguments that are known only at apply. What the account uses and may use in this metro. */
export function getQuotasOutput(opts?: pulumi.InvokeOutputOptions): pulumi.Output<GetQuotasResult> {
  return invokeOutput<GetQuotasResult>("getQuotas", {}, opts);
}

/** Result of {@link getMetros}. */
export interface GetMetrosResult {
  /** The metros. */
  readonly metros: readonly MetroInfo[];
}

/** The metros that the control plane knows; for `local` that one. */
export function getMetros(opts?: pulumi.InvokeOptions): Promise<GetMetrosResult> {
  return invoke<GetMetrosResult>("getMetros", {}, opts);
}

/** The same for arguments that are known only at apply. The metros that the control plane knows; for `local` that one. */
export function getMetrosOutput(opts?: pulumi.InvokeOutputOptions): pulumi.Output<GetMetrosResult> {
  return invokeOutput<GetMetrosResult>("getMetros", {}, opts);
}
