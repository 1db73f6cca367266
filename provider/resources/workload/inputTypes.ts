/** The objects inside a guest's inputs. Bounds are those of the platform's documentation. */
import * as z from "zod";
import { field, objectType } from "../../definition/resource";
import { idOrName, mountPath } from "../common/fields";
import { tagsField } from "../common/tags";

const readonlyField = () =>
  field(z.boolean().default(false), { description: "Mount without write access. Default false." });

/** One entry of `volumes`. */
export const volumeMount = objectType(
  "VolumeMount",
  "A volume mounted into a guest.",
  z.strictObject({
    volume: field(idOrName(), { description: "Id of the volume, `volume.id`, or its name." }),
    at: field(mountPath(), { description: "Absolute path in the guest; created when absent." }),
    readonly: readonlyField(),
  }),
);

/** One entry of `ephemeralVolumes`. */
export const ephemeralVolume = objectType(
  "EphemeralVolume",
  "A volume that is made with an instance and deleted with it.",
  z.strictObject({
    at: field(mountPath(), { description: "Absolute path in the guest; created when absent." }),
    sizeMb: field(z.int().min(1).max(1_048_576).optional(), {
      description: "Size in MiB, 1 to 1,048,576 within the account's quota. Required unless there is a `hostPath`.",
    }),
    readonly: readonlyField(),
    quotaPolicy: field(z.enum(["static", "dynamic"]).optional(), {
      description: "`static` counts the whole size against the quota, `dynamic` what is used. Default `static`.",
    }),
    filesystem: field(z.string().min(1).optional(), {
      description: "`ext4`, `virtiofs`, or a name that the site defines. Default `ext4`.",
    }),
    accessMode: field(z.enum(["rwo", "rox", "rwx"]).optional(), {
      description: "`rwo` one writer, `rox` many readers, `rwx` many writers (`virtiofs` only). Default `rwo`.",
    }),
    tags: tagsField("volume"),
    filesystemArgs: field(z.record(z.string(), z.string()).optional(), {
      description: "Arguments of a file system that the site defines.",
    }),
    hostPath: field(mountPath().optional(), {
      description: "Folder on the metro's own machine, in place of a size. Needs a privilege of the account.",
    }),
    uid: field(z.int().min(0).optional(), { description: "Owner of the files under `hostPath`." }),
    gid: field(z.int().min(0).optional(), { description: "Group of the files under `hostPath`." }),
  }),
);

/** The `scaleToZero` input. */
export const scaleToZero = objectType(
  "ScaleToZero",
  "When an instance may go to standby, from which the next connection wakes it.",
  z.strictObject({
    policy: field(z.enum(["on", "idle", "off"]), {
      description:
        "`on`: after no connection for the cooldown; `idle`: also while idle connections are open; `off`: never.",
    }),
    stateful: field(z.boolean().default(false), {
      description: "Keep the guest's memory across standby instead of booting afresh. Default false.",
    }),
    cooldownTimeMs: field(z.int().min(0).max(86_400_000).default(1000), {
      description: "Idle time before standby, in milliseconds, 0 to 86,400,000. Default 1000.",
    }),
    notifyTimeMs: field(z.int().min(0).max(86_400_000).default(0), {
      description:
        "Warns the guest so many milliseconds before standby; shorter than the cooldown. Default 0: no warning.",
    }),
  }),
);

const inlineFile = objectType(
  "InlineFile",
  "A file given in the program, of at most 1 MB.",
  z.strictObject({
    path: field(z.string().min(1), { description: "Path of the file inside its ROM." }),
    data: field(z.string(), { description: "Content, as `encoding` says. Kept secret in state.", secret: true }),
    encoding: field(z.enum(["text", "base64"]).default("text"), {
      description: "`text`, or `base64` for bytes. Default `text`.",
    }),
  }),
);

/** One entry of `roms`. */
export const rom = objectType(
  "Rom",
  "A read-only file system for a guest: an image, or files given in the program.",
  z.strictObject({
    name: field(z.string().min(1).max(63), { description: "Name, unique in the instance, up to 63 characters." }),
    image: field(z.string().min(1).optional(), { description: "Image that holds the files." }),
    files: field(z.array(inlineFile).min(1).max(16).optional(), {
      description: "Up to 16 files, in place of an image.",
      unordered: true,
    }),
    at: field(mountPath().optional(), { description: "Absolute path in the guest. Default: not mounted." }),
  }),
);

/** One entry of `plugins`. */
export const plugin = objectType(
  "Plugin",
  "A program of the platform that runs beside the guest's.",
  z.strictObject({
    name: field(z.string().regex(/^[A-Za-z0-9_-]{1,63}$/, "must be 1 to 63 letters, digits, - and _"), {
      description: "Name, unique in the instance: up to 63 letters, digits, `-` and `_`.",
    }),
    rom: field(z.string().min(1), { description: "Image of the plugin." }),
    config: field(z.unknown().optional(), {
      description: "Settings of the plugin, any JSON. Kept secret in state.",
      secret: true,
    }),
  }),
);

/** One entry of `schedules`. */
export const schedule = objectType(
  "Schedule",
  "Something that happens to an instance at given times.",
  z.strictObject({
    name: field(z.string().min(1).max(255), { description: "Name, unique in the instance." }),
    when: field(z.string().min(1), {
      description: "Calendar expression of systemd in UTC, such as `Mon..Fri 08:00` or `*-*-* 03:00:00`.",
    }),
    action: field(z.enum(["start", "stop", "delete", "exec", "checkpoint"]), {
      description: "`start`, `stop`, `delete`, `exec` (with `args`) or `checkpoint`.",
    }),
    args: field(z.array(z.string().min(1)).min(1).optional(), { description: "Command line of `exec`." }),
  }),
);

/** The `autokill` input. */
export const autokill = objectType(
  "Autokill",
  "When the platform deletes an instance by itself.",
  z.strictObject({
    timeMs: field(z.int().min(0).default(0), {
      description: "Milliseconds after a stop. Default 0: never for that reason.",
    }),
    numRequests: field(z.int().min(0).default(0), {
      description: "Number of requests served. Default 0: never for that reason.",
    }),
  }),
);

const relay = objectType(
  "NetworkRelay",
  "Another interface through which traffic goes.",
  z.strictObject({
    interface: field(idOrName(), { description: "Uuid or name of that interface." }),
    relayDns: field(z.boolean().default(true), { description: "Relay name look-ups too. Default true." }),
  }),
);

/** One entry of `networkInterfaces`. */
export const networkInterface = objectType(
  "NetworkInterface",
  "A network interface of an instance.",
  z.strictObject({
    name: field(z.string().min(1).max(63).optional(), { description: "Name, unique in the instance." }),
    tapName: field(z.string().min(1).max(63).optional(), {
      description: "TAP device on the metro's machine that it is joined to.",
    }),
    ip: field(
      z
        .string()
        .regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/, "must be an address with a prefix length, such as 10.1.0.4/24")
        .optional(),
      { description: "Address with prefix length, such as `10.1.0.4/24`; needs `tapName`." },
    ),
    mac: field(
      z
        .string()
        .regex(
          /^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/,
          "must be six pairs of hexadecimal digits, such as 12:b0:0a:00:04:11",
        )
        .optional(),
      { description: "Hardware address, such as `12:b0:0a:00:04:11`; needs `tapName`." },
    ),
    autoconfig: field(z.boolean().default(true), {
      description: "Tell the guest its address at boot. Default true.",
    }),
    relay: field(relay.optional(), { description: "Another interface through which its traffic goes. Default: none." }),
  }),
);

/** The `imagePull` input. */
export const imagePull = objectType(
  "ImagePull",
  "How the metro fetches an image. Not every metro can be told.",
  z.strictObject({
    policy: field(z.enum(["always", "if_not_present", "never"]).optional(), {
      description: "`always`, `if_not_present` or `never`. Default: by the image's tag.",
    }),
    credentials: field(z.string().min(1).optional(), {
      description: "Credentials for an OCI registry. Kept secret in state.",
      secret: true,
    }),
    headers: field(z.record(z.string().min(1), z.string()).optional(), {
      description: "Headers of the request that fetches it. Kept secret in state.",
      secret: true,
    }),
  }),
);
