/** Nested objects of the workload inputs. Source of the limits: the platform's documentation. Pure. */
import * as net from "node:net";
import * as z from "zod";
import { mapOf } from "../../base/mapSchema";
import { field, objectType, withMisplacedKeys } from "../../definition/resource";
import { idOrName, mountPath } from "../common/fields";
import { pullCredentials } from "../common/registryCredentials";
import { MAX_OBJECT_TAGS, tagsField } from "../common/tags";

const readonlyField = () => field(z.boolean().default(false), { description: "Mount read-only. Default false." });

/** One entry of `volumes`. */
export const volumeMount = objectType(
  "VolumeMount",
  "A volume mounted into an instance.",
  z.strictObject({
    volume: field(idOrName(), { description: "Id (`volume.id`) or name of the volume." }),
    at: field(mountPath(), { description: "Absolute path in the guest; created if it does not exist." }),
    readonly: readonlyField(),
  }),
);

/** One entry of `ephemeralVolumes`. */
export const ephemeralVolume = objectType(
  "EphemeralVolume",
  "A volume created and deleted together with an instance.",
  z.strictObject({
    at: field(mountPath(), { description: "Absolute path in the guest; created if it does not exist." }),
    sizeMb: field(z.int().min(1).max(1_048_576).optional(), {
      description: "Size in MiB, 1 to 1,048,576, within the account's quota. Required unless `hostPath` is set.",
    }),
    readonly: readonlyField(),
    quotaPolicy: field(z.enum(["static", "dynamic"]).optional(), {
      description: "Quota usage: `static` counts the whole size, `dynamic` only the used space. Default `static`.",
    }),
    filesystem: field(z.string().min(1).optional(), {
      description: "File system: `ext4`, `virtiofs`, or one that the metro's operator defines. Default `ext4`.",
    }),
    accessMode: field(z.enum(["rwo", "rox", "rwx"]).optional(), {
      description: "`rwo`: one writer; `rox`: many readers; `rwx`: many writers, with `virtiofs` only. Default `rwo`.",
    }),
    tags: tagsField("volume", MAX_OBJECT_TAGS),
    filesystemArgs: field(mapOf(z.string(), z.string()).optional(), {
      description: "Arguments of a file system that the metro's operator defines. Default: none.",
    }),
    hostPath: field(mountPath().optional(), {
      description: "Absolute path of a folder on the host to share, instead of `sizeMb`. Needs an account privilege.",
    }),
    uid: field(z.int().min(0).optional(), {
      description: "Numeric user id that owns the files under `hostPath`. Default: as on the host.",
    }),
    gid: field(z.int().min(0).optional(), {
      description: "Numeric group id of the files under `hostPath`. Default: as on the host.",
    }),
  }),
);

/** The `scaleToZero` input. */
export const scaleToZero = objectType(
  "ScaleToZero",
  "When an instance may go to standby. The next connection wakes it.",
  z.strictObject({
    policy: field(z.enum(["on", "idle", "off"]), {
      description:
        "`on`: when no connection is open for the cooldown time; `idle`: also while open connections are idle; `off`: never.",
    }),
    // Without defaults: what the program leaves out comes from the labels of the image.
    stateful: field(z.boolean().optional(), {
      description:
        "Keep the memory during standby; false boots again at each wake. Default: the label of the image, else false.",
    }),
    cooldownTimeMs: field(z.int().min(0).max(86_400_000).optional(), {
      description:
        "Cooldown time before standby, in milliseconds, 0 to 86,400,000. Default: the label of the image, else 1000.",
    }),
    notifyTimeMs: field(z.int().min(0).max(86_400_000).optional(), {
      description:
        "How long before standby to send `scaletozero` to port 138 of vsock in the guest, in milliseconds; less than `cooldownTimeMs`. On metro `local` not for Unikraft kernels. Default 0: no warning.",
    }),
  }),
);

const inlineFile = objectType(
  "InlineFile",
  "A file given in the program, at most 1 MB.",
  z.strictObject({
    path: field(z.string().min(1), { description: "Path inside the ROM." }),
    data: field(z.string(), { description: "Content, in the given `encoding`. Encrypted in state.", secret: true }),
    encoding: field(z.enum(["text", "base64"]).default("text"), {
      description: "Encoding of `data`: `text`, or `base64` for binary content. Default `text`.",
    }),
  }),
);

/** One entry of `roms`. */
export const rom = objectType(
  "Rom",
  "A read-only file system: an image, or files given in the program.",
  z.strictObject({
    name: field(z.string().min(1).max(63), { description: "Name, unique in the instance, 1 to 63 characters." }),
    image: field(z.string().min(1).optional(), {
      description: "Image that contains the files. Give either `image` or `files`.",
    }),
    files: field(z.array(inlineFile).min(1).max(16).optional(), {
      description: "Files, 1 to 16. Give either `image` or `files`.",
      unordered: true,
    }),
    at: field(mountPath().optional(), {
      description: "Absolute path in the guest to mount it at. Default: not mounted.",
    }),
  }),
);

/** One entry of `plugins`. */
export const plugin = objectType(
  "Plugin",
  "A platform plugin that runs beside the instance's program.",
  z.strictObject({
    name: field(z.string().regex(/^[A-Za-z0-9_-]{1,63}$/, "must be 1 to 63 letters, digits, - or _"), {
      description: "Name, unique in the instance: 1 to 63 letters, digits, `-` or `_`.",
    }),
    rom: field(z.string().min(1), { description: "Image of the plugin." }),
    config: field(z.unknown().optional(), {
      description: "Settings of the plugin: any JSON value. Encrypted in state. Default: none.",
      secret: true,
    }),
  }),
);

/** One entry of `schedules`. */
export const schedule = objectType(
  "Schedule",
  "An action on an instance at scheduled times.",
  z.strictObject({
    name: field(z.string().min(1).max(255), { description: "Name, unique in the instance." }),
    when: field(z.string().min(1), {
      description: "systemd calendar expression in UTC, such as `Mon..Fri 08:00` or `*-*-* 03:00:00`.",
    }),
    action: field(z.enum(["start", "stop", "delete", "exec", "checkpoint"]), {
      description: "Action: `start`, `stop`, `delete`, `exec` (runs `args`), or `checkpoint`.",
    }),
    args: field(z.array(z.string().min(1)).min(1).optional(), {
      description: "Command line for `exec`, which requires it; not allowed with any other action.",
    }),
  }),
);

/** The `autokill` input. */
export const autokill = objectType(
  "Autokill",
  "When the platform deletes an instance automatically.",
  z.strictObject({
    timeMs: field(z.int().min(0).default(0), {
      description: "Delete the instance this long after it stops, in milliseconds. Default 0: never.",
    }),
    numRequests: field(z.int().min(0).default(0), {
      description: "Delete the instance after it has served this many requests. Default 0: never.",
    }),
  }),
);

const relay = objectType(
  "NetworkRelay",
  "A relay of traffic through another interface.",
  z.strictObject({
    interface: field(idOrName(), { description: "UUID or name of the interface to relay through." }),
    relayDns: field(z.boolean().default(true), { description: "Relay DNS queries too. Default true." }),
  }),
);

/** An IPv4 or IPv6 address. */
export const ipAddress = z.string().refine((text) => net.isIP(text) !== 0, "must be an IP address");

/** One entry of `networkInterfaces`. */
export const networkInterface = objectType(
  "NetworkInterface",
  "A network interface of an instance.",
  withMisplacedKeys(
    z.strictObject({
      name: field(z.string().min(1).max(63).optional(), { description: "Name, unique in the instance." }),
      network: field(z.string().min(1).max(63).optional(), {
        description:
          "Network to be in: on metro `local` a name, which exists with its first member; elsewhere the TAP device of the host. Default: chosen by the platform.",
      }),
      ip: field(
        z
          .string()
          .regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/, "must be an address with a prefix length, such as 10.1.0.4/24")
          .optional(),
        {
          description:
            "IP address with prefix length, such as `10.1.0.4/24`; requires `network`. On metro `local` required with several interfaces. Default: chosen by the platform.",
        },
      ),
      mac: field(
        z
          .string()
          .regex(
            /^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/,
            "must be six pairs of hexadecimal digits, such as 12:b0:0a:00:04:11",
          )
          .optional(),
        {
          description: "MAC address, such as `12:b0:0a:00:04:11`; requires `network`. Default: chosen by the platform.",
        },
      ),
      gateway: field(ipAddress.optional(), {
        description:
          "Address of another instance in the network, through which `routes` are reached; only on metro `local`. Default: none.",
      }),
      routes: field(z.array(z.string()).max(64).optional(), {
        description:
          "Subnets that are reached through `gateway`, such as `10.2.0.0/24`; only on metro `local`. Default: everything outside of the interface's networks, with a `gateway`.",
        unordered: true,
      }),
      autoconfig: field(z.boolean().default(true), {
        description: "Configure the address in the guest at boot. Default true.",
      }),
      relay: field(relay.optional(), { description: "Relay the traffic through another interface. Default: none." }),
    }),
    { tapName: "named `network` here, because not every metro has TAP devices." },
  ),
);

/** The `imagePull` input. */
export const imagePull = objectType(
  "ImagePull",
  "How the metro fetches an image. Not every metro supports it.",
  z.strictObject({
    policy: field(z.enum(["always", "if_not_present", "never"]).optional(), {
      description: "When to fetch: `always`, `if_not_present`, or `never`. Default: depends on the image's tag.",
    }),
    credentials: field(pullCredentials.optional(), {
      description:
        "Login at the registry of the image: a user name and a password, or the text that the metro takes, such as base64 of `user:password`. Encrypted in state. Default: `registryCredentials` of the GatewayImage that is given as `image`, else none.",
      secret: true,
    }),
    headers: field(mapOf(z.string().min(1), z.string()).optional(), {
      description: "HTTP headers to send when fetching. Encrypted in state. Default: none.",
      secret: true,
    }),
  }),
);
