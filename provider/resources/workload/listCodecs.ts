/** The longer lists of a guest's inputs on the wire: ROMs, plugins and network interfaces. Pure. */
import type { InstanceItem } from "../../contract/models";
import type { Guest } from "./inputs";
import { sameImage } from "./imageReference";
import { defined } from "../../base/objects";
import { reference } from "../common/fields";
import { someOf, unless } from "./codecs";
import { isMeant } from "../common/reference";
import { UNSAID, shown } from "../common/wire";

type Asked = Partial<Guest>;
type Rom = Guest["roms"][number];
type File = NonNullable<Rom["files"]>[number];

/** `roms` to the wire. */
export const encodeRoms = ({ roms = [] }: Asked): unknown =>
  someOf(
    roms.map(({ name, image, files, at }) =>
      defined({
        name,
        image,
        files: files
          ?.toSorted((a, b) => (a.path < b.path ? -1 : 1))
          .map(({ path, data, encoding }) => defined({ path, data, encoding: unless("text", encoding) })),
        at,
      }),
    ),
  );

const bytesOf = (data: string, encoding: string | undefined): string =>
  Buffer.from(data, encoding === "base64" ? "base64" : "utf8").toString("base64");

type SaidRom = NonNullable<InstanceItem["roms"]>[number];

/** Content is not always returned, and not always in the encoding in which it was sent. */
function decodeFiles(said: SaidRom["files"], mine: Rom["files"]): Rom["files"] {
  if (said === undefined) return mine;
  return said.map(({ path, data, encoding }): File => {
    const asked = mine?.find((file) => file.path === path);
    const isSame =
      asked !== undefined && (data === undefined || bytesOf(data, encoding) === bytesOf(asked.data, asked.encoding));
    return isSame ? asked : { path, data: data ?? "", encoding: encoding === "base64" ? "base64" : "text" };
  });
}

/** `roms` from the wire. */
export function decodeRoms(item: InstanceItem, { roms = [] }: Asked): Guest["roms"] | typeof UNSAID {
  const said = shown(item, item.roms, []);
  if (said === UNSAID) return UNSAID;
  return said.map((one) => {
    const mine = roms.find(({ name }) => name === one.name);
    const files = decodeFiles(one.files, mine?.files);
    // Where a program names no place, the platform may choose one.
    const at = mine !== undefined && mine.at === undefined ? undefined : (one.at ?? mine?.at);
    // A ROM of files is reported with an image that the platform made of them.
    const image =
      files !== undefined || one.image === undefined
        ? mine?.image
        : mine?.image !== undefined && sameImage(mine.image, one.image)
          ? mine.image
          : one.image;
    return defined({ name: one.name, image, files, at });
  });
}

/** `plugins` to the wire. */
export const encodePlugins = ({ plugins = [] }: Asked): unknown => someOf(plugins.map(defined));

/** `plugins` from the wire. */
export function decodePlugins(item: InstanceItem, { plugins = [] }: Asked): Guest["plugins"] | typeof UNSAID {
  const said = shown(item, item.plugins, []);
  if (said === UNSAID) return UNSAID;
  return said.map(({ name, rom, config }) => {
    const mine = plugins.find((one) => one.name === name);
    return defined({
      name,
      rom: mine !== undefined && sameImage(mine.rom, rom) ? mine.rom : rom,
      config: config ?? mine?.config,
    });
  });
}

/** `networkInterfaces` to the wire. */
export const encodeNetwork = ({ networkInterfaces = [] }: Asked): unknown =>
  someOf(
    networkInterfaces.map(({ name, tapName, ip, mac, autoconfig, relay }) =>
      defined({
        name,
        tap_name: tapName,
        ip,
        mac,
        autoconfig: autoconfig ? undefined : false,
        relay: relay && defined({ ...reference(relay.interface), relay_dns: relay.relayDns ? undefined : false }),
      }),
    ),
  );

/** True where an interface has what the platform's own one never has. */
export const isCustomNetwork = (item: InstanceItem): boolean =>
  (item.network_interfaces ?? []).some(
    ({ tap_name, relay, autoconfig }) => tap_name !== undefined || relay != null || autoconfig === false,
  );

/** `networkInterfaces` from the wire. The platform fills in addresses, which are compared only where they were asked for. */
export function decodeNetwork(
  item: InstanceItem,
  { networkInterfaces = [] }: Asked,
): Guest["networkInterfaces"] | typeof UNSAID {
  if (networkInterfaces.length === 0 && !isCustomNetwork(item)) return UNSAID;
  const said = shown(item, item.network_interfaces, []);
  if (said === UNSAID) return UNSAID;
  return said.map((one, index) => {
    const mine = networkInterfaces[index];
    const ip = mine?.ip?.split("/")[0] === one.private_ip || one.private_ip === undefined ? mine?.ip : undefined;
    const relay = one.relay ?? undefined;
    return {
      ...(mine !== undefined && mine.name === undefined ? {} : { name: one.name }),
      ...(mine !== undefined && mine.tapName === undefined ? {} : { tapName: one.tap_name }),
      ip,
      mac: mine?.mac === undefined ? undefined : sameMac(mine.mac, one.mac) ? mine.mac : one.mac,
      autoconfig: one.autoconfig ?? mine?.autoconfig ?? true,
      relay:
        relay === undefined
          ? mine?.relay
          : {
              interface:
                mine?.relay !== undefined && isMeant(mine.relay.interface, relay)
                  ? mine.relay.interface
                  : (relay.uuid ?? relay.name ?? ""),
              relayDns: relay.relay_dns ?? mine?.relay?.relayDns ?? true,
            },
    };
  });
}

const sameMac = (a: string, b: string | undefined): boolean => b === undefined || a.toLowerCase() === b.toLowerCase();
