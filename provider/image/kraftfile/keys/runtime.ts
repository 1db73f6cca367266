/** The key `runtime`: a string, or before v0.7 also a map of source and version. */
import * as yaml from "yaml";
import { UnikernelError } from "../../../base/errors";
import { formatReference, parseReference } from "../../oci/reference";
import type { Kraftfile, SpecVersion } from "../model";
import type { Member, YamlSource } from "../yaml/yamlSource";
import { reportUnknownKeys } from "./unknownKeys";

const KERNEL_SCHEME = "kernel://";
/** No reference of a registry is longer: a repository has at most 255 characters, a tag 128. */
const MAX_REFERENCE_LENGTH = 512;
const RUNTIME_KEYS = ["source", "version", "kconfig"];

/** Where the kernel comes from: a runtime image, or a file (`kernel://path`). */
export type Runtime = Pick<Kraftfile, "runtime" | "kernelFile">;

/** Reads `runtime`; `undefined` (and a problem) when it is invalid. */
export function readRuntime(source: YamlSource, spec: SpecVersion | undefined, member: Member): Runtime | undefined {
  const { value, keyNode } = member;
  if (!yaml.isMap(value)) return toRuntime(source, member, source.string(value, keyNode, "'runtime'"));
  if (spec === "0.7") return source.report(value, "'runtime' must be a string in v0.7, such as 'base:latest'.");
  const parts = source.mapMembers(value, keyNode, "'runtime'") ?? [];
  reportUnknownKeys(source, parts, { where: "'runtime'", known: RUNTIME_KEYS, significant: ["source", "version"] });
  const [name, version, kconfig] = RUNTIME_KEYS.map((key) => parts.find((part) => part.key === key));
  if (kconfig !== undefined) {
    source.warn(kconfig.keyNode, "'runtime.kconfig' has no effect: a runtime is prebuilt.");
  }
  if (name === undefined) return source.report(value, "'runtime' needs a 'source'.");
  const base = source.string(name.value, name.keyNode, "'runtime.source'");
  const tag = version === undefined ? "" : source.scalar(version.value, version.keyNode, "'runtime.version'");
  if (base === undefined || tag === undefined) return undefined;
  return toRuntime(source, name, tag === "" ? base : `${base}:${tag}`);
}

function toRuntime(source: YamlSource, { value, keyNode }: Member, text: string | undefined): Runtime | undefined {
  if (text === undefined) return undefined;
  if (text.length > MAX_REFERENCE_LENGTH) {
    return source.report(value, `'runtime' has more than ${MAX_REFERENCE_LENGTH} characters.`);
  }
  if (text.startsWith(KERNEL_SCHEME)) {
    const path = text.slice(KERNEL_SCHEME.length);
    if (path === "") return source.report(value, `'${KERNEL_SCHEME}' needs the path of a kernel file.`);
    return { kernelFile: { path, ...source.position(value) } };
  }
  try {
    return { runtime: formatReference(parseReference(text)) };
  } catch (error) {
    if (!UnikernelError.is(error)) throw error;
    return source.report(value ?? keyNode, error.message);
  }
}
