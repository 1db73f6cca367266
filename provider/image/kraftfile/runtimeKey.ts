/** The key `runtime`: a string, or in v0.6 also a map of source and version. */
import * as yaml from "yaml";
import { UnikernelError } from "../../base/errors";
import { formatReference, parseReference } from "../oci/reference";
import { reportUnknownKeys } from "./unknownKeys";
import type { Kraftfile } from "./model";
import type { Member, YamlSource } from "./yamlSource";

/** Reads `runtime`: a reference without `oci://`; `undefined` (and a problem) when it is missing or invalid. */
export function readRuntime(
  source: YamlSource,
  root: yaml.Node,
  spec: Kraftfile["spec"] | undefined,
  member: Member | undefined,
): string | undefined {
  if (member === undefined) {
    return source.report(root, "'runtime' is missing: an image needs a kernel, such as 'runtime: base:latest'.");
  }
  if (!yaml.isMap(member.value))
    return toRuntimeReference(source, member, source.string(member.value, member.keyNode, "'runtime'"));
  if (spec === "0.7") return source.report(member.value, "'runtime' must be a string in v0.7, such as 'base:latest'.");
  const parts = source.mapMembers(member.value, member.keyNode, "'runtime'");
  if (parts === undefined) return undefined;
  checkRuntimeKeys(source, parts);
  const [name, version] = ["source", "version"].map((key) => parts.find((part) => part.key === key));
  if (name === undefined) return source.report(member.value, "'runtime' needs a 'source'.");
  const base = source.string(name.value, name.keyNode, "'runtime.source'");
  const tag = version === undefined ? "" : source.scalar(version.value, version.keyNode, "'runtime.version'");
  if (base === undefined || tag === undefined) return undefined;
  return toRuntimeReference(source, name, tag === "" ? base : `${base}:${tag}`);
}

function checkRuntimeKeys(source: YamlSource, parts: readonly Member[]): void {
  const kconfig = parts.find(({ key }) => key === "kconfig");
  if (kconfig !== undefined)
    source.report(kconfig.keyNode, "'runtime.kconfig' is not supported: runtimes are prebuilt.");
  reportUnknownKeys(source, parts, "'runtime'", ["source", "version", "kconfig"]);
}

function toRuntimeReference(
  source: YamlSource,
  { value, keyNode }: Member,
  text: string | undefined,
): string | undefined {
  if (text === undefined) return undefined;
  if (text.startsWith("kernel://")) {
    return source.report(value, "kernel files ('kernel://…') are not supported; use a runtime image.");
  }
  try {
    return formatReference(parseReference(text));
  } catch (error) {
    if (!UnikernelError.is(error)) throw error;
    return source.report(value ?? keyNode, error.message);
  }
}
