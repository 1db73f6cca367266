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
  /** UUID of the instance. Give either `uuid` or `name`. */
  readonly uuid?: string | undefined;
  /** Name of the instance. Give either `uuid` or `name`. */
  readonly name?: string | undefined;
}

/** Arguments of {@link getInstanceOutput}. */
export interface GetInstanceOutputArgs {
  /** UUID of the instance. Give either `uuid` or `name`. */
  readonly uuid?: pulumi.Input<string> | undefined;
  /** Name of the instance. Give either `uuid` or `name`. */
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

/** Looks up an instance, managed by Pulumi or not. Its environment is left out because it may contain secrets. */
export function getInstance(args: GetInstanceArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetInstanceResult> {
  return invoke<GetInstanceResult>("getInstance", args, opts);
}

/** Looks up an instance, managed by Pulumi or not. Its environment is left out because it may contain secrets. Like {@link getInstance}, but accepts outputs as arguments and returns an output. */
export function getInstanceOutput(
  args: GetInstanceOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetInstanceResult> {
  return invokeOutput<GetInstanceResult>("getInstance", args, opts);
}

/** Arguments of {@link getInstances}. */
export interface GetInstancesArgs {
  /** Only instances with all of these tags. Default: all. */
  readonly tags?: readonly string[] | undefined;
  /** Only instances whose name starts with this prefix. Default: all. */
  readonly namePrefix?: string | undefined;
  /** Only instances in one of these states. Default: all. */
  readonly states?:
    readonly ("stopped" | "starting" | "running" | "draining" | "stopping" | "standby" | "deleted")[] | undefined;
}

/** Arguments of {@link getInstancesOutput}. */
export interface GetInstancesOutputArgs {
  /** Only instances with all of these tags. Default: all. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Only instances whose name starts with this prefix. Default: all. */
  readonly namePrefix?: pulumi.Input<string> | undefined;
  /** Only instances in one of these states. Default: all. */
  readonly states?:
    | pulumi.Input<
        readonly pulumi.Input<"stopped" | "starting" | "running" | "draining" | "stopping" | "standby" | "deleted">[]
      >
    | undefined;
}

/** Result of {@link getInstances}. */
export interface GetInstancesResult {
  /** Instances, oldest first. */
  readonly instances: readonly InstanceInfo[];
}

/** Lists the instances of the account in this metro, oldest first, without templates and checkpoints. */
export function getInstances(args: GetInstancesArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetInstancesResult> {
  return invoke<GetInstancesResult>("getInstances", args, opts);
}

/** Lists the instances of the account in this metro, oldest first, without templates and checkpoints. Like {@link getInstances}, but accepts outputs as arguments and returns an output. */
export function getInstancesOutput(
  args: GetInstancesOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetInstancesResult> {
  return invokeOutput<GetInstancesResult>("getInstances", args, opts);
}

/** Arguments of {@link getInstanceLogs}. */
export interface GetInstanceLogsArgs {
  /** UUID of the instance. Give either `uuid` or `name`. */
  readonly uuid?: string | undefined;
  /** Name of the instance. Give either `uuid` or `name`. */
  readonly name?: string | undefined;
  /** Offset of the first byte; a negative offset counts from the end. Default -4096. */
  readonly offsetBytes?: number | undefined;
  /** Maximum number of bytes to return, 0 to 16383. Default 4096. */
  readonly limitBytes?: number | undefined;
}

/** Arguments of {@link getInstanceLogsOutput}. */
export interface GetInstanceLogsOutputArgs {
  /** UUID of the instance. Give either `uuid` or `name`. */
  readonly uuid?: pulumi.Input<string> | undefined;
  /** Name of the instance. Give either `uuid` or `name`. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Offset of the first byte; a negative offset counts from the end. Default -4096. */
  readonly offsetBytes?: pulumi.Input<number> | undefined;
  /** Maximum number of bytes to return, 0 to 16383. Default 4096. */
  readonly limitBytes?: pulumi.Input<number> | undefined;
}

/** Result of {@link getInstanceLogs}. */
export interface GetInstanceLogsResult {
  /** Text of the part, decoded as UTF-8. */
  readonly output: string;
  /** Offset of the first byte returned. */
  readonly rangeStart: number;
  /** Offset after the last byte returned, where the next part starts. */
  readonly rangeEnd: number;
  /** Offset of the first byte still available. */
  readonly availableStart: number;
  /** Offset after the last byte written so far. */
  readonly availableEnd: number;
  /** State of the instance when the log was read. */
  readonly state: string;
}

/** Reads a part of an instance's console log. */
export function getInstanceLogs(
  args: GetInstanceLogsArgs = {},
  opts?: pulumi.InvokeOptions,
): Promise<GetInstanceLogsResult> {
  return invoke<GetInstanceLogsResult>("getInstanceLogs", args, opts);
}

/** Reads a part of an instance's console log. Like {@link getInstanceLogs}, but accepts outputs as arguments and returns an output. */
export function getInstanceLogsOutput(
  args: GetInstanceLogsOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetInstanceLogsResult> {
  return invokeOutput<GetInstanceLogsResult>("getInstanceLogs", args, opts);
}

/** Arguments of {@link getInstanceMetrics}. */
export interface GetInstanceMetricsArgs {
  /** UUID of the instance. Give either `uuid` or `name`. */
  readonly uuid?: string | undefined;
  /** Name of the instance. Give either `uuid` or `name`. */
  readonly name?: string | undefined;
}

/** Arguments of {@link getInstanceMetricsOutput}. */
export interface GetInstanceMetricsOutputArgs {
  /** UUID of the instance. Give either `uuid` or `name`. */
  readonly uuid?: pulumi.Input<string> | undefined;
  /** Name of the instance. Give either `uuid` or `name`. */
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
  /** Total running time over all starts, in milliseconds. */
  readonly uptimeMs?: number | undefined;
  /** Resident memory of the virtual machine in bytes; 0 when stopped. */
  readonly rssBytes?: number | undefined;
  /** CPU time in milliseconds. */
  readonly cpuTimeMs?: number | undefined;
  /** Time from the last start until the program ran, in microseconds. */
  readonly bootTimeUs?: number | undefined;
  /** Time from the last start until the program listened on a port, in microseconds. */
  readonly netTimeUs?: number | undefined;
  /** Bytes received. */
  readonly rxBytes?: number | undefined;
  /** Packets received. */
  readonly rxPackets?: number | undefined;
  /** Bytes sent. */
  readonly txBytes?: number | undefined;
  /** Packets sent. */
  readonly txPackets?: number | undefined;
  /** Number of open connections other than HTTP. */
  readonly nconns?: number | undefined;
  /** Number of HTTP requests in flight. */
  readonly nreqs?: number | undefined;
  /** Number of requests waiting for the instance. */
  readonly nqueued?: number | undefined;
  /** Number of requests and connections so far. */
  readonly ntotal?: number | undefined;
}

/** Reads the current metrics of an instance. */
export function getInstanceMetrics(
  args: GetInstanceMetricsArgs = {},
  opts?: pulumi.InvokeOptions,
): Promise<GetInstanceMetricsResult> {
  return invoke<GetInstanceMetricsResult>("getInstanceMetrics", args, opts);
}

/** Reads the current metrics of an instance. Like {@link getInstanceMetrics}, but accepts outputs as arguments and returns an output. */
export function getInstanceMetricsOutput(
  args: GetInstanceMetricsOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetInstanceMetricsResult> {
  return invokeOutput<GetInstanceMetricsResult>("getInstanceMetrics", args, opts);
}

/** Arguments of {@link getService}. */
export interface GetServiceArgs {
  /** UUID of the service. Give either `uuid` or `name`. */
  readonly uuid?: string | undefined;
  /** Name of the service. Give either `uuid` or `name`. */
  readonly name?: string | undefined;
}

/** Arguments of {@link getServiceOutput}. */
export interface GetServiceOutputArgs {
  /** UUID of the service. Give either `uuid` or `name`. */
  readonly uuid?: pulumi.Input<string> | undefined;
  /** Name of the service. Give either `uuid` or `name`. */
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

/** Looks up a service, managed by Pulumi or not. */
export function getService(args: GetServiceArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetServiceResult> {
  return invoke<GetServiceResult>("getService", args, opts);
}

/** Looks up a service, managed by Pulumi or not. Like {@link getService}, but accepts outputs as arguments and returns an output. */
export function getServiceOutput(
  args: GetServiceOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetServiceResult> {
  return invokeOutput<GetServiceResult>("getService", args, opts);
}

/** Arguments of {@link getServices}. */
export interface GetServicesArgs {
  /** Only services whose name starts with this prefix. Default: all. */
  readonly namePrefix?: string | undefined;
}

/** Arguments of {@link getServicesOutput}. */
export interface GetServicesOutputArgs {
  /** Only services whose name starts with this prefix. Default: all. */
  readonly namePrefix?: pulumi.Input<string> | undefined;
}

/** Result of {@link getServices}. */
export interface GetServicesResult {
  /** Services, oldest first. */
  readonly services: readonly ServiceInfo[];
}

/** Lists the services of the account in this metro, oldest first, without the locks of rollouts. */
export function getServices(args: GetServicesArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetServicesResult> {
  return invoke<GetServicesResult>("getServices", args, opts);
}

/** Lists the services of the account in this metro, oldest first, without the locks of rollouts. Like {@link getServices}, but accepts outputs as arguments and returns an output. */
export function getServicesOutput(
  args: GetServicesOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetServicesResult> {
  return invokeOutput<GetServicesResult>("getServices", args, opts);
}

/** Arguments of {@link getVolume}. */
export interface GetVolumeArgs {
  /** UUID of the volume. Give either `uuid` or `name`. */
  readonly uuid?: string | undefined;
  /** Name of the volume. Give either `uuid` or `name`. */
  readonly name?: string | undefined;
}

/** Arguments of {@link getVolumeOutput}. */
export interface GetVolumeOutputArgs {
  /** UUID of the volume. Give either `uuid` or `name`. */
  readonly uuid?: pulumi.Input<string> | undefined;
  /** Name of the volume. Give either `uuid` or `name`. */
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

/** Looks up a volume, managed by Pulumi or not. */
export function getVolume(args: GetVolumeArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetVolumeResult> {
  return invoke<GetVolumeResult>("getVolume", args, opts);
}

/** Looks up a volume, managed by Pulumi or not. Like {@link getVolume}, but accepts outputs as arguments and returns an output. */
export function getVolumeOutput(
  args: GetVolumeOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetVolumeResult> {
  return invokeOutput<GetVolumeResult>("getVolume", args, opts);
}

/** Arguments of {@link getVolumes}. */
export interface GetVolumesArgs {
  /** Only volumes with all of these tags. Default: all. */
  readonly tags?: readonly string[] | undefined;
  /** Only volumes whose name starts with this prefix. Default: all. */
  readonly namePrefix?: string | undefined;
}

/** Arguments of {@link getVolumesOutput}. */
export interface GetVolumesOutputArgs {
  /** Only volumes with all of these tags. Default: all. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Only volumes whose name starts with this prefix. Default: all. */
  readonly namePrefix?: pulumi.Input<string> | undefined;
}

/** Result of {@link getVolumes}. */
export interface GetVolumesResult {
  /** Volumes, oldest first. */
  readonly volumes: readonly VolumeInfo[];
}

/** Lists the volumes of the account in this metro, oldest first, without templates. */
export function getVolumes(args: GetVolumesArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetVolumesResult> {
  return invoke<GetVolumesResult>("getVolumes", args, opts);
}

/** Lists the volumes of the account in this metro, oldest first, without templates. Like {@link getVolumes}, but accepts outputs as arguments and returns an output. */
export function getVolumesOutput(
  args: GetVolumesOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetVolumesResult> {
  return invokeOutput<GetVolumesResult>("getVolumes", args, opts);
}

/** Arguments of {@link getCertificate}. */
export interface GetCertificateArgs {
  /** UUID of the certificate. Give either `uuid` or `name`. */
  readonly uuid?: string | undefined;
  /** Name of the certificate. Give either `uuid` or `name`. */
  readonly name?: string | undefined;
}

/** Arguments of {@link getCertificateOutput}. */
export interface GetCertificateOutputArgs {
  /** UUID of the certificate. Give either `uuid` or `name`. */
  readonly uuid?: pulumi.Input<string> | undefined;
  /** Name of the certificate. Give either `uuid` or `name`. */
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

/** Looks up a certificate, uploaded or obtained by the platform. Chain and key are never reported. */
export function getCertificate(
  args: GetCertificateArgs = {},
  opts?: pulumi.InvokeOptions,
): Promise<GetCertificateResult> {
  return invoke<GetCertificateResult>("getCertificate", args, opts);
}

/** Looks up a certificate, uploaded or obtained by the platform. Chain and key are never reported. Like {@link getCertificate}, but accepts outputs as arguments and returns an output. */
export function getCertificateOutput(
  args: GetCertificateOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetCertificateResult> {
  return invokeOutput<GetCertificateResult>("getCertificate", args, opts);
}

/** Arguments of {@link getCertificates}. */
export interface GetCertificatesArgs {
  /** Only certificates whose name starts with this prefix. Default: all. */
  readonly namePrefix?: string | undefined;
  /** Only certificates for this domain. Default: all. */
  readonly commonName?: string | undefined;
}

/** Arguments of {@link getCertificatesOutput}. */
export interface GetCertificatesOutputArgs {
  /** Only certificates whose name starts with this prefix. Default: all. */
  readonly namePrefix?: pulumi.Input<string> | undefined;
  /** Only certificates for this domain. Default: all. */
  readonly commonName?: pulumi.Input<string> | undefined;
}

/** Result of {@link getCertificates}. */
export interface GetCertificatesResult {
  /** Certificates, oldest first. */
  readonly certificates: readonly CertificateInfo[];
}

/** Lists the certificates of the account in this metro, oldest first. */
export function getCertificates(
  args: GetCertificatesArgs = {},
  opts?: pulumi.InvokeOptions,
): Promise<GetCertificatesResult> {
  return invoke<GetCertificatesResult>("getCertificates", args, opts);
}

/** Lists the certificates of the account in this metro, oldest first. Like {@link getCertificates}, but accepts outputs as arguments and returns an output. */
export function getCertificatesOutput(
  args: GetCertificatesOutputArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetCertificatesResult> {
  return invokeOutput<GetCertificatesResult>("getCertificates", args, opts);
}

/** Arguments of {@link getImages}. */
export interface GetImagesArgs {
  /** Only images with one of these digests. Default: all. */
  readonly digests?: readonly string[] | undefined;
  /** Only images with one of these references, such as `acme/shop:1.4`. Default: all. */
  readonly tags?: readonly string[] | undefined;
}

/** Arguments of {@link getImagesOutput}. */
export interface GetImagesOutputArgs {
  /** Only images with one of these digests. Default: all. */
  readonly digests?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
  /** Only images with one of these references, such as `acme/shop:1.4`. Default: all. */
  readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
}

/** Result of {@link getImages}. */
export interface GetImagesResult {
  /** The images. */
  readonly images: readonly ImageInfo[];
}

/** Lists the images that instances in this metro can boot. */
export function getImages(args: GetImagesArgs = {}, opts?: pulumi.InvokeOptions): Promise<GetImagesResult> {
  return invoke<GetImagesResult>("getImages", args, opts);
}

/** Lists the images that instances in this metro can boot. Like {@link getImages}, but accepts outputs as arguments and returns an output. */
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
  /** Current use. */
  readonly used: QuotaUse;
  /** Quotas. */
  readonly hard: QuotaHard;
  /** Limits of a single object. */
  readonly limits: QuotaLimits;
}

/** Reads the account's quotas in this metro and their current use. */
export function getQuotas(opts?: pulumi.InvokeOptions): Promise<GetQuotasResult> {
  return invoke<GetQuotasResult>("getQuotas", {}, opts);
}

/** Reads the account's quotas in this metro and their current use. Like {@link getQuotas}, but returns an output. */
export function getQuotasOutput(opts?: pulumi.InvokeOutputOptions): pulumi.Output<GetQuotasResult> {
  return invokeOutput<GetQuotasResult>("getQuotas", {}, opts);
}

/** Result of {@link getMetros}. */
export interface GetMetrosResult {
  /** The metros. */
  readonly metros: readonly MetroInfo[];
}

/** Lists the metros that the control plane knows; with metro `local`, only `local`. */
export function getMetros(opts?: pulumi.InvokeOptions): Promise<GetMetrosResult> {
  return invoke<GetMetrosResult>("getMetros", {}, opts);
}

/** Lists the metros that the control plane knows; with metro `local`, only `local`. Like {@link getMetros}, but returns an output. */
export function getMetrosOutput(opts?: pulumi.InvokeOutputOptions): pulumi.Output<GetMetrosResult> {
  return invokeOutput<GetMetrosResult>("getMetros", {}, opts);
}
