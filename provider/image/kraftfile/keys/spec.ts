/** The keys `spec` (or `specification`) and `name`. */
import type * as yaml from "yaml";
import type { SpecVersion } from "../model";
import type { Member, YamlSource } from "../yaml/yamlSource";

/** `v` optional, one to three numbers, and a pre-release or build suffix. Source: semver 2.0, which both tools parse. */
const VERSION = /^v?([0-9]{1,9})(?:\.([0-9]{1,9})(?:\.[0-9]{1,9})?)?(?:[-+][0-9A-Za-z.+-]+)?$/;

/**
 * Reads the version. Like the vendor's tools, reads an unknown version by the rules of the nearest known one, with a warning;
 * `undefined` (and a problem) if it is missing or no version.
 */
export function readSpec(
  source: YamlSource,
  root: yaml.Node,
  spec: Member | undefined,
  specification: Member | undefined,
): SpecVersion | undefined {
  if (spec !== undefined && specification !== undefined) {
    return source.report(specification.keyNode, "'spec' and 'specification' mean the same; keep one of them.");
  }
  const member = spec ?? specification;
  if (member === undefined) return source.report(root, "'spec' is missing; write 'spec: v0.7'.");
  const text = source.scalar(member.value, member.keyNode, `'${member.key}'`);
  if (text === undefined) return undefined;
  const node = member.value ?? member.keyNode;
  const match = VERSION.exec(text.trim());
  if (match === null) return source.report(node, `'${member.key}' must be a version, such as 'v0.7'.`);
  const [major, minor] = [Number(match[1]), Number(match[2] ?? 0)];
  if (major === 0 && minor === 5) return "0.5";
  if (major === 0 && minor === 6) return "0.6";
  if (major === 0 && minor === 7) return "0.7";
  const nearest = major === 0 && minor < 5 ? "0.5" : "0.7";
  source.warn(node, `version '${text.trim()}' is unknown; the file is read as v${nearest}.`);
  return nearest;
}

/** Reads `name`, normalised as KraftKit does; `undefined` if nothing is left of it. */
export function readName(source: YamlSource, { value, keyNode }: Member): string | undefined {
  const text = source.scalar(value, keyNode, "'name'");
  const name = text
    ?.toLowerCase()
    .replace(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "");
  return name === "" ? undefined : name;
}
