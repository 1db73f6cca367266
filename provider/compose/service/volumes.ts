/** Reads the volumes of the project and their mounts. */
import type { PlannedMount, PlannedVolume, PlannedWorkload } from "../model";
import { parseMebibytes } from "../text/byteSize";
import { checkKeys } from "../tree/keys";
import { entryOf, isEmpty, quoteScalar, readBoolean, readMap, readScalar } from "../tree/readers";
import type { Place, Reports } from "../tree/reports";
import type { Entry, Mapping, Tree } from "../tree/tree";
import { DRIVER_OPTS_KEYS, MOUNT_KEYS, MOUNT_VOLUME_KEYS, VOLUME_KEYS } from "./keyTables";

/** Size of a volume that says none, in MiB. Source: the vendor's tool. */
const DEFAULT_SIZE_MB = 64;
/** Source: the API, as in Volume. */
const MAX_SIZE_MB = 1_048_576;

/** A volume of the file: one to create, perhaps of a size that the file does not say, or the name of one that exists. */
export type ProjectVolume = { readonly create: PlannedVolume; readonly hasSize: boolean } | { readonly name: string };

/** Reads an entry of the top-level `volumes`. */
export function readVolume(key: string, { value, at }: Entry, reports: Reports): ProjectVolume {
  const what = `volume '${key}'`;
  const create: PlannedVolume = { key, sizeMb: DEFAULT_SIZE_MB };
  const map = isEmpty(value) ? undefined : readMap(value, what, reports);
  if (map === undefined) return { create, hasSize: false };
  checkKeys(map, VOLUME_KEYS, what, reports);
  const member = (name: string): Tree | undefined => entryOf(map, name)?.value;
  const [driver, nameTree, external, opts] = [
    member("driver"),
    member("name"),
    member("external"),
    member("driver_opts"),
  ];
  const name = nameTree && readScalar(nameTree, `${what}: 'name'`, reports)?.text;
  const driverName = driver && readScalar(driver, `${what}: 'driver'`, reports);
  if (driverName !== undefined && driverName.text !== "local")
    reports.problem(driverName.at, `${what}: the driver must be local, not ${quoteScalar(driverName)}; remove it.`);
  if (external !== undefined && readBoolean(external, `${what}: 'external'`, reports) === true)
    return { name: name ?? key };
  const options = opts && readMap(opts, `${what}: 'driver_opts'`, reports);
  if (options !== undefined) checkKeys(options, DRIVER_OPTS_KEYS, `${what}: 'driver_opts'`, reports);
  const size = options && entryOf(options, "size");
  const sizeMb =
    size === undefined ? DEFAULT_SIZE_MB : readSize(size.value, `${what}: 'size'`, [1, MAX_SIZE_MB], reports);
  if (name !== undefined && !/^[^/,]{1,255}$/.test(name))
    reports.problem(at, `${what}: 'name' has 1 to 255 characters, no slash and no comma.`);
  const named = name === undefined ? {} : { name };
  return { create: { key, ...named, sizeMb: sizeMb ?? DEFAULT_SIZE_MB }, hasSize: size !== undefined };
}

/** A size in MiB in the range; `undefined` and a problem for anything else. */
export function readSize(
  tree: Tree,
  what: string,
  [min, max]: readonly [number, number],
  reports: Reports,
): number | undefined {
  const scalar = readScalar(tree, what, reports);
  if (scalar === undefined) return undefined;
  const size = parseMebibytes(scalar.text);
  if (size === undefined)
    return reports.problem(scalar.at, `${what}: ${quoteScalar(scalar)} is not a size, such as 512m.`);
  if (size >= min && size <= max) return size;
  return reports.problem(scalar.at, `${what}: ${quoteScalar(scalar)} must be ${min} MiB to ${max} MiB.`);
}

/** A mount as the file has it. */
interface Mount {
  readonly at: Place;
  readonly type: string;
  readonly source: string | undefined;
  readonly target: string;
  readonly readonly: boolean;
}

/** The mounts of a service. A later mount replaces an earlier one at the same path, as with `extends`. */
export function readMounts(
  service: Mapping,
  where: string,
  volumes: ReadonlyMap<string, ProjectVolume>,
  reports: Reports,
): Pick<PlannedWorkload, "volumes" | "ephemeralVolumes"> {
  const what = `${where}: 'volumes'`;
  const entry = entryOf(service, "volumes");
  const items = entry === undefined ? [] : entry.value.kind === "list" ? entry.value.items : [entry.value];
  const byTarget = new Map<string, Mount>();
  for (const item of items) {
    const mount = item.kind === "map" ? longForm(item, what, reports) : shortForm(item, what, reports);
    if (mount !== undefined) byTarget.set(mount.target, mount);
  }
  const mounts = [...byTarget.values()];
  return {
    volumes: mounts.flatMap((mount): readonly PlannedMount[] => {
      const { type, source, target, at, readonly } = mount;
      if (type === "tmpfs") {
        reports.warn(
          at,
          `${what}: the tmpfs at ${target} has no effect. The root file system is in memory, and can be written to.`,
        );
        return [];
      }
      if (type !== "volume") return reports.problem(at, `${what}: ${unsupported(mount)}`) ?? [];
      if (source === undefined) return [];
      const volume = volumes.get(source);
      if (volume === undefined)
        return (
          reports.problem(at, `${what}: the file has no volume '${source}'; add it to its top-level volumes.`) ?? []
        );
      return [{ volume: "create" in volume ? { key: source } : volume, at: target, readonly }];
    }),
    ephemeralVolumes: mounts
      .filter(({ type, source }) => type === "volume" && source === undefined)
      .map(({ target, at }) => {
        reports.warn(
          at,
          `${what}: the volume at ${target} has ${DEFAULT_SIZE_MB} MiB. For another size, add one to the top-level volumes, with driver_opts.size.`,
        );
        return { at: target, sizeMb: DEFAULT_SIZE_MB };
      }),
  };
}

function unsupported({ type, source = "" }: Mount): string {
  if (type !== "bind") return `a mount of the type '${type}' is not supported; use a volume.`;
  return `'${source}' is a folder or file of this machine, which a metro does not have. Add it to the image, or use a volume.`;
}

function shortForm(item: Tree, what: string, reports: Reports): Mount | undefined {
  const scalar = readScalar(item, what, reports);
  if (scalar === undefined) return undefined;
  const parts = scalar.text.split(":");
  const [source, target = source, mode] = parts;
  if (parts.length > 3 || source === undefined || target === undefined || !target.startsWith("/"))
    return reports.problem(scalar.at, `${what}: ${quoteScalar(scalar)} is not a mount, such as "data:/data:ro".`);
  const modes = mode === undefined ? [] : mode.split(",");
  for (const one of modes)
    if (!["ro", "rw"].includes(one))
      reports.warn(scalar.at, `${what}: a mode in ${quoteScalar(scalar)} has no effect. A metro knows ro and rw.`);
  const isBind = parts.length > 1 && /^[./~]/.test(source);
  return {
    at: scalar.at,
    type: isBind ? "bind" : "volume",
    source: parts.length === 1 ? undefined : source,
    target,
    readonly: modes.includes("ro"),
  };
}

function longForm(map: Mapping, what: string, reports: Reports): Mount | undefined {
  checkKeys(map, MOUNT_KEYS, what, reports);
  const member = (key: string): string | undefined => {
    const entry = entryOf(map, key);
    return entry && readScalar(entry.value, `${what}: '${key}'`, reports)?.text;
  };
  const volume = entryOf(map, "volume");
  const options = volume && readMap(volume.value, `${what}: 'volume'`, reports);
  if (options !== undefined) checkKeys(options, MOUNT_VOLUME_KEYS, `${what}: 'volume'`, reports);
  const [type, target, source] = [member("type"), member("target"), member("source")];
  if (type === undefined) return reports.problem(map.at, `${what}: 'type' is missing.`);
  if (target === undefined || !target.startsWith("/"))
    return reports.problem(map.at, `${what}: 'target' must be an absolute path in the guest.`);
  const readonly = entryOf(map, "read_only");
  const isReadonly = readonly !== undefined && readBoolean(readonly.value, `${what}: 'read_only'`, reports) === true;
  return { at: map.at, type, source, target, readonly: isReadonly };
}
