/** The keys `rootfs` (before v0.6 `initrd`) and `roms`: a path, or a map of source, type and format. */
import * as yaml from "yaml";
import { isDockerfileName } from "../../dockerfile/fileName";
import type { FileSystemFormat, Position, RootfsSource, SourceType } from "../model";
import type { Member, YamlSource } from "../yaml/yamlSource";
import { reportUnknownKeys } from "./unknownKeys";

/** Names of types. `file` means any kind of file: which, is found out from the file. Source: unikraft-cloud/x `kraftfile`. */
const SOURCE_TYPES: ReadonlyMap<string, SourceType | undefined> = new Map<string, SourceType | undefined>([
  ["oci", "oci"],
  ["dir", "directory"],
  ["file", undefined],
  ["tarball", "tarball"],
  ["cpio", "cpio"],
  ["erofs", "erofs"],
  ["dockerfile", "dockerfile"],
]);
const OCI_SCHEME = "oci://";

/** A value, and what to call it in messages: `'rootfs'`. */
interface Named {
  readonly value: yaml.Node | null;
  readonly at: yaml.Node;
  readonly what: string;
}

/** Reads one source; `undefined` (and a problem) when it is invalid. */
export function readSource(source: YamlSource, named: Named): RootfsSource | undefined {
  const { value, at, what } = named;
  if (!yaml.isMap(value)) return readPath(source, named, undefined);
  const find = readMembers(source, named, ["source", "format", "type"]);
  const format = readFormat(source, find("format"), `'${what}.format'`);
  const type = find("type");
  const inner = find("source");
  const dockerfile = find("dockerfile");
  if (dockerfile !== undefined) {
    return source.report(
      dockerfile.keyNode,
      `'dockerfile' belongs beside 'path': ${what}: {source: {path: ., dockerfile: …}}.`,
    );
  }
  if (inner === undefined) return source.report(value ?? at, `'${what}' needs a 'source'.`);
  if (yaml.isMap(inner.value)) {
    if (type !== undefined)
      source.report(type.keyNode, `'${what}.type' belongs in '${what}.source' when that is a map.`);
    return withFormat(readSourceMap(source, { value: inner.value, at: inner.keyNode, what: `${what}.source` }), format);
  }
  const path = { value: inner.value, at: inner.keyNode, what: `${what}.source` };
  const typeName = type === undefined ? undefined : readTypeName(source, type, `'${what}.type'`);
  const result = readPath(source, path, typeName === undefined ? undefined : SOURCE_TYPES.get(typeName));
  if (result === undefined || (typeName !== "cpio" && typeName !== "erofs")) return withFormat(result, format);
  // Beside a string, `type: erofs` is the format of the result ("type: erofs means the filesystem type is EROFS"), unless `format`
  // says that already: then it is what the source is. A Dockerfile is never a packed file.
  if (format !== undefined && !isDockerfileName(result.path)) return withFormat(result, format);
  return withFormat({ ...result, type: isDockerfileName(result.path) ? "dockerfile" : undefined }, format ?? typeName);
}

/** Reads a list of sources; entries that are invalid are problems and left out. */
export function readSources(source: YamlSource, { value, keyNode, key }: Member): RootfsSource[] {
  const items = source.listItems(value, keyNode, `'${key}'`) ?? [];
  return items.flatMap(
    (item, index) => readSource(source, { value: item, at: value ?? keyNode, what: `${key}[${index}]` }) ?? [],
  );
}

function readSourceMap(source: YamlSource, named: Named): RootfsSource | undefined {
  const { value, what } = named;
  const find = readMembers(source, named, ["path", "type", "dockerfile"]);
  const type = find("type");
  const typeName = type === undefined ? undefined : readTypeName(source, type, `'${what}.type'`);
  const path = find("path");
  if (path === undefined) return source.report(value, `'${what}' needs a 'path'.`);
  const namedPath = { value: path.value, at: path.keyNode, what: `${what}.path` };
  const dockerfile = find("dockerfile");
  if (dockerfile === undefined) {
    return readPath(source, namedPath, typeName === undefined ? undefined : SOURCE_TYPES.get(typeName));
  }
  if (type !== undefined && typeName !== undefined && typeName !== "dockerfile") {
    return source.report(type.keyNode, `'${what}.type' must be 'dockerfile' when a 'dockerfile' is given.`);
  }
  const file = source.string(dockerfile.value, dockerfile.keyNode, `'${what}.dockerfile'`);
  const context = source.string(namedPath.value, namedPath.at, `'${namedPath.what}'`);
  if (file === undefined || context === undefined) return undefined;
  return { path: context, type: "dockerfile", dockerfile: file, position: source.position(path.value) };
}

function readMembers(
  source: YamlSource,
  { value, at, what }: Named,
  known: readonly string[],
): (key: string) => Member | undefined {
  const members = source.mapMembers(value, at, `'${what}'`) ?? [];
  reportUnknownKeys(source, members, { where: `'${what}'`, known, significant: known });
  return (key) => members.find((member) => member.key === key);
}

function readPath(
  source: YamlSource,
  { value, at, what }: Named,
  type: SourceType | undefined,
): RootfsSource | undefined {
  const path = source.string(value, at, `'${what}'`);
  if (path === undefined) return undefined;
  const position: Position = source.position(value);
  if (path.startsWith(OCI_SCHEME)) return { path: path.slice(OCI_SCHEME.length), type: "oci", position };
  return { path, type: type ?? (isDockerfileName(path) ? "dockerfile" : undefined), position };
}

function readTypeName(source: YamlSource, { value, keyNode }: Member, what: string): string | undefined {
  const type = source.string(value, keyNode, what);
  if (type === undefined || SOURCE_TYPES.has(type)) return type;
  return source.report(value, `${what} must be one of ${[...SOURCE_TYPES.keys()].join(", ")}.`);
}

function readFormat(source: YamlSource, member: Member | undefined, what: string): FileSystemFormat | undefined {
  if (member === undefined) return undefined;
  const format = source.string(member.value, member.keyNode, what);
  if (format === undefined || format === "cpio" || format === "erofs") return format;
  return source.report(member.value, `${what} must be 'cpio' or 'erofs'.`);
}

const withFormat = (
  result: RootfsSource | undefined,
  format: FileSystemFormat | undefined,
): RootfsSource | undefined => (result === undefined || format === undefined ? result : { ...result, format });
