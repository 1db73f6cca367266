/** Codecs of the workload inputs `roms`, `plugins` and `networkInterfaces`. Pure. */
import type { InstanceItem } from "../../contract/models";
import type { Workload } from "./inputs";
import { isSameImage } from "./imageReference";
import { omitUndefined } from "../../base/objects";
import { toReference } from "../common/fields";
import { omitDefault, omitEmpty } from "../common/omit";
import { matchesReference } from "../common/reference";
import { NOT_REPORTED, reported } from "../common/wire";

type PartialWorkload = Partial<Workload>;
type Rom = Workload["roms"][number];
type RomFile = NonNullable<Rom["files"]>[number];

/** Encodes `roms`. */
export const encodeRoms = ({ roms = [] }: PartialWorkload): unknown =>
  omitEmpty(
    roms.map(({ name, image, files, at }) =>
      omitUndefined({
        name,
        image,
        files: files
          ?.toSorted((a, b) => (a.path < b.path ? -1 : 1))
          .map(({ path, data, encoding }) => omitUndefined({ path, data, encoding: omitDefault("text", encoding) })),
        at,
      }),
    ),
  );

const toBase64 = (data: string, encoding: string | undefined): string =>
  Buffer.from(data, encoding === "base64" ? "base64" : "utf8").toString("base64");

type ReportedRom = NonNullable<InstanceItem["roms"]>[number];

/** Decodes the files of a ROM. Content is not always reported, and its encoding may differ from the requested one. */
function decodeFiles(reportedValue: ReportedRom["files"], mine: Rom["files"]): Rom["files"] {
  if (reportedValue === undefined) return mine;
  return reportedValue.map(({ path, data, encoding }): RomFile => {
    const requested = mine?.find((file) => file.path === path);
    const isSame =
      requested !== undefined &&
      (data === undefined || toBase64(data, encoding) === toBase64(requested.data, requested.encoding));
    return isSame ? requested : { path, data: data ?? "", encoding: encoding === "base64" ? "base64" : "text" };
  });
}

/** Decodes `roms`. */
export function decodeRoms(item: InstanceItem, { roms = [] }: PartialWorkload): Workload["roms"] | typeof NOT_REPORTED {
  const reportedValue = reported(item, item.roms, []);
  if (reportedValue === NOT_REPORTED) return NOT_REPORTED;
  return reportedValue.map((one) => {
    const mine = roms.find(({ name }) => name === one.name);
    const files = decodeFiles(one.files, mine?.files);
    // If the program sets no path, the platform may choose one.
    const at = mine !== undefined && mine.at === undefined ? undefined : (one.at ?? mine?.at);
    // A ROM of files is reported with an image that the platform built from them.
    const image =
      files !== undefined || one.image === undefined
        ? mine?.image
        : mine?.image !== undefined && isSameImage(mine.image, one.image)
          ? mine.image
          : one.image;
    return omitUndefined({ name: one.name, image, files, at });
  });
}

/** Encodes `plugins`. */
export const encodePlugins = ({ plugins = [] }: PartialWorkload): unknown => omitEmpty(plugins.map(omitUndefined));

/** Decodes `plugins`. */
export function decodePlugins(
  item: InstanceItem,
  { plugins = [] }: PartialWorkload,
): Workload["plugins"] | typeof NOT_REPORTED {
  const reportedValue = reported(item, item.plugins, []);
  if (reportedValue === NOT_REPORTED) return NOT_REPORTED;
  return reportedValue.map(({ name, rom, config }) => {
    const mine = plugins.find((one) => one.name === name);
    return omitUndefined({
      name,
      rom: mine !== undefined && isSameImage(mine.rom, rom) ? mine.rom : rom,
      config: config ?? mine?.config,
    });
  });
}

/** Encodes `networkInterfaces`. */
export const encodeNetworkInterfaces = ({ networkInterfaces = [] }: PartialWorkload): unknown =>
  omitEmpty(
    networkInterfaces.map(({ name, network, ip, mac, gateway, routes, autoconfig, relay }) =>
      omitUndefined({
        name,
        tap_name: network,
        ...{ ip, mac, gateway, routes },
        autoconfig: autoconfig ? undefined : false,
        relay:
          relay && omitUndefined({ ...toReference(relay.interface), relay_dns: relay.relayDns ? undefined : false }),
      }),
    ),
  );

/** True if an interface has a setting that the platform's default interface never has. */
export const isCustomNetwork = (item: InstanceItem): boolean =>
  (item.network_interfaces ?? []).some(
    ({ tap_name, relay, autoconfig }) => tap_name !== undefined || relay != null || autoconfig === false,
  );

/** Decodes `networkInterfaces`. The platform chooses addresses that were not requested; those are not compared. */
export function decodeNetworkInterfaces(
  item: InstanceItem,
  { networkInterfaces = [] }: PartialWorkload,
): Workload["networkInterfaces"] | typeof NOT_REPORTED {
  if (networkInterfaces.length === 0 && !isCustomNetwork(item)) return NOT_REPORTED;
  const reportedValue = reported(item, item.network_interfaces, []);
  if (reportedValue === NOT_REPORTED) return NOT_REPORTED;
  return reportedValue.map((one, index) => {
    const mine = networkInterfaces[index];
    const ip = mine?.ip?.split("/")[0] === one.private_ip || one.private_ip === undefined ? mine?.ip : undefined;
    const relay = one.relay ?? undefined;
    return {
      ...(mine !== undefined && mine.name === undefined ? {} : { name: one.name }),
      ...(mine !== undefined && mine.network === undefined ? {} : { network: one.tap_name }),
      ip,
      ...omitUndefined({ gateway: one.gateway ?? mine?.gateway, routes: one.routes ?? mine?.routes }),
      mac: mine?.mac === undefined ? undefined : isSameMac(mine.mac, one.mac) ? mine.mac : one.mac,
      autoconfig: one.autoconfig ?? mine?.autoconfig ?? true,
      relay:
        relay === undefined
          ? mine?.relay
          : {
              interface:
                mine?.relay !== undefined && matchesReference(mine.relay.interface, relay)
                  ? mine.relay.interface
                  : (relay.uuid ?? relay.name ?? ""),
              relayDns: relay.relay_dns ?? mine?.relay?.relayDns ?? true,
            },
    };
  });
}

const isSameMac = (a: string, b: string | undefined): boolean => b === undefined || a.toLowerCase() === b.toLowerCase();
