/** The key `rootfs`: a path, or in v0.7 also a map. Only directories are supported. */
import * as yaml from "yaml";
import { reportUnknownKeys } from "./unknownKeys";
import type { Kraftfile } from "./model";
import type { Member, YamlSource } from "./yamlSource";

const ROOTFS_TYPES = ["oci", "dir", "file", "tarball", "cpio", "erofs", "dockerfile"] as const;

const DIRECTORY_ONLY_ADVICE =
  "only directories can be packed: unpack the files into a directory (for a Dockerfile: 'docker build -o rootfs .') and use its path";

/** Reads `rootfs`: the directory to pack; `undefined` (and a problem) for anything else. */
export function readRootfs(
  source: YamlSource,
  spec: Kraftfile["spec"] | undefined,
  { value, keyNode }: Member,
): Kraftfile["rootfs"] {
  if (!yaml.isMap(value)) return readDirectory(source, value, keyNode, "'rootfs'");
  if (spec === "0.6") return source.report(value, "'rootfs' must be a string in v0.6, the path of a directory.");
  const members = source.mapMembers(value, keyNode, "'rootfs'") ?? [];
  reportUnknownKeys(source, members, "'rootfs'", ["source", "format", "type"]);
  const find = (key: string): Member | undefined => members.find((member) => member.key === key);
  checkFormat(source, find("format"));
  checkType(source, find("type"), "'rootfs.type'");
  const inner = find("source");
  if (inner === undefined) return source.report(value, "'rootfs' needs a 'source'.");
  if (!yaml.isMap(inner.value)) return readDirectory(source, inner.value, inner.keyNode, "'rootfs.source'");
  const type = find("type");
  if (type !== undefined) source.report(type.keyNode, "'rootfs.type' belongs in 'rootfs.source' when that is a map.");
  return readSource(source, inner);
}

function readSource(source: YamlSource, { value, keyNode }: Member): Kraftfile["rootfs"] {
  const members = source.mapMembers(value, keyNode, "'rootfs.source'") ?? [];
  reportUnknownKeys(source, members, "'rootfs.source'", ["path", "type", "dockerfile"]);
  const find = (key: string): Member | undefined => members.find((member) => member.key === key);
  checkType(source, find("type"), "'rootfs.source.type'");
  const dockerfile = find("dockerfile");
  if (dockerfile !== undefined)
    return source.report(dockerfile.keyNode, `Dockerfiles are not supported: ${DIRECTORY_ONLY_ADVICE}.`);
  const path = find("path");
  if (path === undefined) return source.report(value, "'rootfs.source' needs a 'path'.");
  return readDirectory(source, path.value, path.keyNode, "'rootfs.source.path'");
}

function readDirectory(source: YamlSource, value: yaml.Node | null, at: yaml.Node, what: string): Kraftfile["rootfs"] {
  const path = source.string(value, at, what);
  if (path === undefined) return undefined;
  const base = path.split("/").findLast((part) => part !== "") ?? "";
  if (base.split(".").includes("Dockerfile"))
    return source.report(value, `Dockerfiles are not supported: ${DIRECTORY_ONLY_ADVICE}.`);
  return { path, position: source.position(value) };
}

function checkType(source: YamlSource, member: Member | undefined, what: string): void {
  if (member === undefined) return;
  const type = source.string(member.value, member.keyNode, what);
  if (type === undefined || type === "dir") return;
  const known = (ROOTFS_TYPES as readonly string[]).includes(type);
  const why = known
    ? `type '${type}' is not supported: ${DIRECTORY_ONLY_ADVICE}.`
    : `${what} must be one of ${ROOTFS_TYPES.join(", ")}.`;
  source.report(member.value, why);
}

function checkFormat(source: YamlSource, member: Member | undefined): void {
  if (member === undefined) return;
  const format = source.string(member.value, member.keyNode, "'rootfs.format'");
  if (format === undefined || format === "cpio") return;
  if (format === "erofs")
    source.report(member.value, "format 'erofs' is not supported: leave it out, or write 'cpio'.");
  else source.report(member.value, "'rootfs.format' must be 'cpio' or 'erofs'.");
}
