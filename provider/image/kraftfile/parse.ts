/**
 * Parses a Kraftfile, version 0.6 or 0.7. Stricter than the vendor's tools, which ignore unknown keys: here a key that
 * would silently have no effect is an error.
 *
 * Rules of the two versions: KraftKit `kraftfile/` and unikraft-cloud/x `kraftfile` with its JSON schemas.
 */
import type * as yaml from "yaml";
import { kraftfileError } from "./kraftfileError";
import { reportUnknownKeys } from "./unknownKeys";
import { TOP_LEVEL_KEYS, type Kraftfile } from "./model";
import { readRootfs } from "./rootfsKey";
import { readRuntime } from "./runtimeKey";
import { type Member, YamlSource } from "./yamlSource";
import { readTargets } from "./targetsKey";
import { readCmd, readEnv, readLabels } from "./runKeys";

/**
 * Parses the text of a Kraftfile; `file` is the name used in messages. Throws `KRAFTFILE_INVALID` that lists every
 * problem as `file:line:column: sentence` with an excerpt.
 */
export function parseKraftfile(text: string, file = "Kraftfile"): Kraftfile {
  const source = new YamlSource(text);
  const kraftfile = source.problems.length > 0 ? undefined : readRoot(source);
  if (kraftfile === undefined || source.problems.length > 0) throw kraftfileError(file, text, source.problems);
  return kraftfile;
}

function readRoot(source: YamlSource): Kraftfile | undefined {
  const root = source.root;
  if (root === null) return source.report(null, "the file is empty; it needs at least 'spec' and 'runtime'.");
  const members = source.mapMembers(root, root, "a Kraftfile");
  if (members === undefined) return undefined;
  const suggested = [...TOP_LEVEL_KEYS].filter(([, support]) => support === "read").map(([key]) => key);
  reportUnknownKeys(source, members, "a Kraftfile", [...TOP_LEVEL_KEYS.keys()], suggested);
  for (const { key, keyNode } of members) {
    const support = TOP_LEVEL_KEYS.get(key);
    if (typeof support === "object") source.report(keyNode, `'${key}' is not supported: ${support.unsupported}.`);
  }
  const value = (key: string): Member | undefined => members.find((member) => member.key === key);
  const spec = readSpec(source, root, value("spec"), value("specification"));
  const name = readOptional(value("name"), ({ value, keyNode }) => source.string(value, keyNode, "'name'"));
  const runtime = readRuntime(source, root, spec, value("runtime"));
  const rootfs = readOptional(value("rootfs"), (member) => readRootfs(source, spec, member));
  const cmd = readOptional(value("cmd"), (member) => readCmd(source, spec, member));
  const env = readOptional(value("env"), (member) => readEnv(source, member)) ?? {};
  const labels = readOptional(value("labels"), (member) => readLabels(source, member)) ?? {};
  const targets = readOptional(value("targets"), (member) => readTargets(source, member)) ?? [];
  if (spec === undefined || runtime === undefined) return undefined;
  return {
    spec,
    ...(name === undefined ? {} : { name }),
    runtime,
    ...(rootfs === undefined ? {} : { rootfs }),
    ...(cmd === undefined || cmd.length === 0 ? {} : { cmd }),
    env,
    labels,
    targets,
  };
}

const readOptional = <T>(member: Member | undefined, read: (member: Member) => T | undefined): T | undefined =>
  member === undefined ? undefined : read(member);

function readSpec(
  source: YamlSource,
  root: yaml.Node,
  spec: Member | undefined,
  specification: Member | undefined,
): Kraftfile["spec"] | undefined {
  if (spec !== undefined && specification !== undefined) {
    return source.report(specification.keyNode, "'spec' and 'specification' mean the same; keep one of them.");
  }
  const member = spec ?? specification;
  if (member === undefined) return source.report(root, "'spec' is missing; write 'spec: v0.7'.");
  const text = source.scalar(member.value, member.keyNode, `'${member.key}'`);
  if (text === undefined) return undefined;
  const version = /^v?(0\.[67])(?:\.0)?$/.exec(text.trim())?.[1];
  if (version === "0.6" || version === "0.7") return version;
  return source.report(member.value ?? member.keyNode, `'${member.key}' must be 'v0.6' or 'v0.7'.`);
}
