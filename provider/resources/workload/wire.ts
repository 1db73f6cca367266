/** How a guest's inputs travel. Defaults are the server's, by the platform's documentation. Pure. */
import { reference } from "../common/fields";
import {
  DEFAULTS,
  decodeAutokill,
  decodeDependencies,
  decodeEphemeral,
  decodeImage,
  decodeScaleToZero,
  decodeSchedules,
  decodeVolumes,
  encodeAutokill,
  encodeEphemeral,
  encodeImage,
  encodeScaleToZero,
  encodeTemplate,
  encodeVolumes,
  someOf,
  unless,
  word,
} from "./codecs";
import type { Guest } from "./inputs";
import {
  decodeNetwork,
  decodePlugins,
  decodeRoms,
  encodeNetwork,
  encodePlugins,
  encodeRoms,
  isCustomNetwork,
} from "./listCodecs";
import { UNSAID, type WireTable, shown } from "../common/wire";

const named = ({ name }: { name: string }): string => name;

/** Every input of a guest. */
export const GUEST_WIRE: WireTable<Guest> = {
  image: { member: "image", prop: "image", set: encodeImage, encode: encodeImage, decode: decodeImage },
  imagePull: { encode: () => undefined, decode: () => UNSAID },
  template: { member: "template", encode: encodeTemplate, decode: () => UNSAID },
  prepareTemplate: { encode: () => undefined, decode: () => UNSAID },
  branchFrom: {
    member: "branch_from",
    encode: ({ branchFrom }) => branchFrom && reference(branchFrom),
    decode: () => UNSAID,
  },
  checkpoint: {
    member: "checkpoint",
    encode: ({ checkpoint }) => checkpoint && reference(checkpoint),
    decode: () => UNSAID,
  },
  args: {
    member: "args",
    prop: "args",
    encode: ({ args }) => args,
    decode: (item, { args: asked }) => {
      const said = shown(item, item.args, undefined);
      // None is reported as an empty list too, or not at all.
      return said === UNSAID ? UNSAID : (someOf(said) ?? (asked?.length === 0 ? asked : undefined));
    },
    filledIn: true,
  },
  env: {
    member: "env",
    prop: "env",
    encode: ({ env }) => someOf(env),
    decode: (item) => shown(item, item.env, {}),
  },
  memoryMb: {
    member: "memory_mb",
    prop: "memory_mb",
    encode: ({ memoryMb }) => unless(DEFAULTS.memoryMb, memoryMb),
    set: ({ memoryMb }) => memoryMb,
    decode: ({ memory_mb }) => memory_mb ?? UNSAID,
  },
  vcpus: {
    member: "vcpus",
    prop: "vcpus",
    encode: ({ vcpus }) => unless(DEFAULTS.vcpus, vcpus),
    set: ({ vcpus }) => vcpus,
    decode: ({ vcpus }) => vcpus ?? UNSAID,
  },
  volumes: { member: "volumes", encode: encodeVolumes, decode: decodeVolumes, keyOf: ({ at }: { at: string }) => at },
  ephemeralVolumes: {
    member: "volumes",
    encode: encodeEphemeral,
    decode: decodeEphemeral,
    keyOf: ({ at }: { at: string }) => at,
  },
  restartPolicy: {
    member: "restart_policy",
    encode: ({ restartPolicy }) => unless("never", restartPolicy),
    decode: ({ restart_policy }) => word(["never", "always", "on-failure"], restart_policy),
  },
  scaleToZero: {
    member: "scale_to_zero",
    prop: "scale_to_zero",
    encode: encodeScaleToZero,
    decode: decodeScaleToZero,
  },
  features: {
    member: "features",
    encode: ({ features }) => someOf(features),
    decode: (item) => {
      const said = shown(item, item.features, []);
      return said === UNSAID ? UNSAID : said.some((one) => one === "delete-on-stop") ? ["delete-on-stop"] : [];
    },
    keyOf: String,
  },
  roms: { member: "roms", prop: "roms", encode: encodeRoms, decode: decodeRoms, keyOf: named },
  plugins: { member: "plugins", prop: "plugins", encode: encodePlugins, decode: decodePlugins, keyOf: named },
  tags: {
    member: "tags",
    prop: "tags",
    encode: ({ tags }) => someOf(tags),
    decode: (item) => shown(item, item.tags, []),
    keyOf: String,
  },
  annotations: {
    member: "annotations",
    prop: "annotations",
    encode: ({ annotations }) => someOf(annotations),
    decode: (item) => shown(item, item.annotations, {}),
  },
  hostname: {
    member: "hostname",
    prop: "hostname",
    encode: ({ hostname }) => hostname,
    decode: ({ hostname }) => hostname ?? UNSAID,
    filledIn: true,
  },
  dependencies: {
    member: "dependencies",
    prop: "dependencies",
    encode: ({ dependencies }) => someOf((dependencies ?? []).map(reference)),
    decode: decodeDependencies,
    keyOf: (one: object) => JSON.stringify(one),
  },
  schedules: {
    member: "schedules",
    prop: "schedules",
    encode: ({ schedules }) => someOf(schedules),
    decode: decodeSchedules,
    keyOf: named,
  },
  autokill: {
    member: "autokill",
    prop: "autokill",
    encode: encodeAutokill,
    decode: decodeAutokill,
  },
  schedPriority: {
    member: "sched_priority",
    prop: "sched_priority",
    encode: ({ schedPriority }) => unless("normal", schedPriority),
    set: ({ schedPriority }) => schedPriority,
    decode: (item) => {
      const said = shown(item, item.sched_priority, "normal");
      return said === UNSAID ? UNSAID : word(["normal", "medium", "high", "admin"], said);
    },
  },
  type: {
    member: "type",
    encode: ({ type }) => unless("micro", type),
    decode: ({ type }) => word(["micro", "full"], type),
  },
  gpus: {
    member: "gpus",
    encode: ({ gpus }) => unless(0, gpus),
    decode: (item) => {
      const said = shown(item, item.gpus, []);
      return said === UNSAID ? UNSAID : said.length;
    },
  },
  gateway: {
    member: "gateway",
    encode: ({ gateway }) => gateway,
    decode: (item) => (isCustomNetwork(item) ? (item.gateway ?? UNSAID) : UNSAID),
    filledIn: true,
  },
  nameserver: {
    member: "nameserver",
    encode: ({ nameserver }) => nameserver,
    decode: (item) => (isCustomNetwork(item) ? (item.nameserver ?? UNSAID) : UNSAID),
    filledIn: true,
  },
  networkInterfaces: {
    member: "network_interfaces",
    encode: encodeNetwork,
    decode: decodeNetwork,
    filledIn: true,
  },
};
