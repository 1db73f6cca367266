/** Conversion of the workload inputs to and from the API. Source of the server's defaults: the platform's documentation. Pure. */
import { enumMember, omitDefault, omitEmpty } from "../common/omit";
import { toReference } from "../common/fields";
import { withoutMarks } from "../common/ownershipMark";
import {
  SERVER_DEFAULTS,
  decodeAutokill,
  decodeDependencies,
  decodeEphemeralVolumes,
  decodeImage,
  decodeScaleToZero,
  decodeSchedules,
  decodeVolumes,
  encodeAutokill,
  encodeEphemeralVolumes,
  encodeImage,
  encodeScaleToZero,
  encodeTemplate,
  encodeVolumes,
} from "./codecs";
import type { Workload } from "./inputs";
import {
  decodeNetworkInterfaces,
  decodePlugins,
  decodeRoms,
  encodeNetworkInterfaces,
  encodePlugins,
  encodeRoms,
  isCustomNetwork,
} from "./listCodecs";
import { NOT_REPORTED, type WireTable, reported } from "../common/wire";

const nameOf = ({ name }: { name: string }): string => name;

/** The codecs of all workload inputs. */
export const WORKLOAD_WIRE: WireTable<Workload> = {
  image: { member: "image", prop: "image", encodePatch: encodeImage, encode: encodeImage, decode: decodeImage },
  imagePull: { encode: () => undefined, decode: () => NOT_REPORTED },
  template: { member: "template", encode: encodeTemplate, decode: () => NOT_REPORTED },
  prepareTemplate: { encode: () => undefined, decode: () => NOT_REPORTED },
  branchFrom: {
    member: "branch_from",
    encode: ({ branchFrom }) => branchFrom && toReference(branchFrom),
    decode: () => NOT_REPORTED,
  },
  checkpoint: {
    member: "checkpoint",
    encode: ({ checkpoint }) => checkpoint && toReference(checkpoint),
    decode: () => NOT_REPORTED,
  },
  args: {
    member: "args",
    prop: "args",
    encode: ({ args }) => args,
    decode: (item, { args: requested }) => {
      const args = reported(item, item.args, undefined);
      // An empty list may be reported as such or not at all.
      return args === NOT_REPORTED
        ? NOT_REPORTED
        : (omitEmpty(args) ?? (requested?.length === 0 ? requested : undefined));
    },
    hasServerDefault: true,
  },
  env: {
    member: "env",
    prop: "env",
    encode: ({ env }) => omitEmpty(env),
    decode: (item) => reported(item, item.env, {}),
  },
  memoryMb: {
    member: "memory_mb",
    prop: "memory_mb",
    encode: ({ memoryMb }) => omitDefault(SERVER_DEFAULTS.memoryMb, memoryMb),
    encodePatch: ({ memoryMb }) => memoryMb,
    decode: ({ memory_mb }) => memory_mb ?? NOT_REPORTED,
  },
  vcpus: {
    member: "vcpus",
    prop: "vcpus",
    encode: ({ vcpus }) => omitDefault(SERVER_DEFAULTS.vcpus, vcpus),
    encodePatch: ({ vcpus }) => vcpus,
    decode: ({ vcpus }) => vcpus ?? NOT_REPORTED,
  },
  volumes: { member: "volumes", encode: encodeVolumes, decode: decodeVolumes, itemKey: ({ at }: { at: string }) => at },
  ephemeralVolumes: {
    member: "volumes",
    encode: encodeEphemeralVolumes,
    decode: decodeEphemeralVolumes,
    itemKey: ({ at }: { at: string }) => at,
  },
  restartPolicy: {
    member: "restart_policy",
    encode: ({ restartPolicy }) => omitDefault("never", restartPolicy),
    decode: ({ restart_policy }) => enumMember(["never", "always", "on-failure"], restart_policy) ?? NOT_REPORTED,
  },
  scaleToZero: {
    member: "scale_to_zero",
    prop: "scale_to_zero",
    encode: encodeScaleToZero,
    decode: decodeScaleToZero,
  },
  features: {
    member: "features",
    encode: ({ features }) => omitEmpty(features),
    decode: (item) => {
      const features = reported(item, item.features, []);
      return features === NOT_REPORTED
        ? NOT_REPORTED
        : features.some((one) => one === "delete-on-stop")
          ? ["delete-on-stop"]
          : [];
    },
    itemKey: String,
  },
  roms: { member: "roms", prop: "roms", encode: encodeRoms, decode: decodeRoms, itemKey: nameOf },
  plugins: { member: "plugins", prop: "plugins", encode: encodePlugins, decode: decodePlugins, itemKey: nameOf },
  tags: {
    member: "tags",
    prop: "tags",
    encode: ({ tags }) => omitEmpty(tags),
    decode: (item) => reported(item, item.tags == null ? item.tags : withoutMarks(item.tags), []),
    itemKey: String,
  },
  annotations: {
    member: "annotations",
    prop: "annotations",
    encode: ({ annotations }) => omitEmpty(annotations),
    decode: (item) => reported(item, item.annotations, {}),
  },
  hostname: {
    member: "hostname",
    prop: "hostname",
    encode: ({ hostname }) => hostname,
    decode: ({ hostname }) => hostname ?? NOT_REPORTED,
    hasServerDefault: true,
  },
  dependencies: {
    member: "dependencies",
    prop: "dependencies",
    encode: ({ dependencies }) => omitEmpty((dependencies ?? []).map(toReference)),
    decode: decodeDependencies,
    itemKey: (one: object) => JSON.stringify(one),
  },
  schedules: {
    member: "schedules",
    prop: "schedules",
    encode: ({ schedules }) => omitEmpty(schedules),
    decode: decodeSchedules,
    itemKey: nameOf,
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
    encode: ({ schedPriority }) => omitDefault("normal", schedPriority),
    encodePatch: ({ schedPriority }) => schedPriority,
    decode: (item) => {
      const priority = reported(item, item.sched_priority, "normal");
      return priority === NOT_REPORTED
        ? NOT_REPORTED
        : (enumMember(["normal", "medium", "high", "admin"], priority) ?? NOT_REPORTED);
    },
  },
  type: {
    member: "type",
    encode: ({ type }) => omitDefault("micro", type),
    decode: ({ type }) => enumMember(["micro", "full"], type) ?? NOT_REPORTED,
  },
  gpus: {
    member: "gpus",
    encode: ({ gpus }) => omitDefault(0, gpus),
    decode: (item) => {
      const gpus = reported(item, item.gpus, []);
      return gpus === NOT_REPORTED ? NOT_REPORTED : gpus.length;
    },
  },
  gateway: {
    member: "gateway",
    encode: ({ gateway }) => gateway,
    decode: (item) => (isCustomNetwork(item) ? (item.gateway ?? NOT_REPORTED) : NOT_REPORTED),
    hasServerDefault: true,
  },
  nameserver: {
    member: "nameserver",
    encode: ({ nameserver }) => nameserver,
    decode: (item) => (isCustomNetwork(item) ? (item.nameserver ?? NOT_REPORTED) : NOT_REPORTED),
    hasServerDefault: true,
  },
  networkInterfaces: {
    member: "network_interfaces",
    encode: encodeNetworkInterfaces,
    decode: decodeNetworkInterfaces,
    hasServerDefault: true,
  },
};
