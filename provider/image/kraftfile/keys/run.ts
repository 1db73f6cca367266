/** The keys that configure how an image runs: `cmd`, `env`, `labels`. */
import * as yaml from "yaml";
import { readInstanceLabels } from "../instanceLabels";
import type { SpecVersion } from "../model";
import type { Member, YamlSource } from "../yaml/yamlSource";
import { splitShellWords } from "./shellWords";

/**
 * Reads `cmd` as argv; `undefined` if it is empty or invalid. v0.7 splits a string by shell quoting rules. v0.6 keeps a string as
 * one argument, as KraftKit does; when it has blanks, a warning says so, since a list is nearly always meant.
 */
export function readCmd(source: YamlSource, spec: SpecVersion | undefined, member: Member): string[] | undefined {
  const { value, keyNode } = member;
  if (value === null) return undefined;
  const cmd = yaml.isSeq(value) ? readCmdList(source, value, keyNode) : readCmdString(source, spec, value);
  if (spec !== "0.7" && cmd?.some(hasInterpolation) === true) warnOfInterpolation(source, member);
  if (cmd?.[0] === "") return source.report(value, "'cmd' must begin with a program.");
  return cmd === undefined || cmd.length === 0 ? undefined : cmd;
}

function readCmdList(source: YamlSource, value: yaml.Node, at: yaml.Node): string[] {
  const items = source.listItems(value, at, "'cmd'") ?? [];
  return items.flatMap((item, index) => source.text(item, value, `'cmd[${index}]'`) ?? []);
}

function readCmdString(source: YamlSource, spec: SpecVersion | undefined, value: yaml.Node): string[] | undefined {
  if (!yaml.isScalar(value) || typeof value.value !== "string") {
    return source.report(value, `'cmd' must be a list of strings, or a string. Write it as ["/bin/app", "--flag"].`);
  }
  const text = source.text(value, value, "'cmd'");
  if (text === undefined || text.trim() === "") return undefined;
  if (spec !== "0.7") {
    if (/\s/.test(text.trim())) {
      source.warn(
        value,
        "in v0.6 this 'cmd' is one argument, blanks included; write it as a list, or use 'spec: v0.7'.",
      );
    }
    return [text];
  }
  const split = splitShellWords(text);
  if ("problem" in split) {
    return source.report(value, `${split.problem} (character ${split.offset + 1}); write 'cmd' as a list.`);
  }
  if (split.hasVariables) {
    source.warn(
      value,
      "variables in 'cmd' are empty, because no shell runs it; use 'env', or [\"/bin/sh\", \"-c\", …].",
    );
  }
  return [...split.words];
}

/** Reads `env`: a map is sorted by name, a list keeps its order. Problems never contain a value, which may be secret. */
export function readEnv(source: YamlSource, spec: SpecVersion | undefined, member: Member): Record<string, string> {
  const { value, keyNode } = member;
  const entries = new Map<string, string>();
  const add = (key: string, text: string | undefined, node: yaml.Node | null): void => {
    if (key === "" || /[=\0]/.test(key))
      source.report(node, "a name in 'env' must not be empty or contain '=' or NUL.");
    else if (entries.has(key)) source.report(node, `'env' sets '${key}' twice.`);
    else if (text !== undefined) entries.set(key, text);
  };
  if (yaml.isSeq(value)) {
    for (const [index, item] of (source.listItems(value, keyNode, "'env'") ?? []).entries()) {
      const text = source.string(item, value, `'env[${index}]'`);
      if (text === undefined) continue;
      const at = text.indexOf("=");
      add(at < 0 ? text : text.slice(0, at), at < 0 ? "" : text.slice(at + 1), item);
    }
  } else if (yaml.isMap(value)) {
    for (const { key, keyNode, value: item } of source.mapMembers(value, member.keyNode, "'env'") ?? []) {
      add(key, source.scalar(item, keyNode, `'env.${key}'`), keyNode);
    }
  } else if (value !== null) {
    source.report(value, "'env' must be a map of names to values, or a list of 'NAME=value'.");
  }
  if (spec !== "0.7" && [...entries.values()].some(hasInterpolation)) warnOfInterpolation(source, member);
  return toRecord(yaml.isSeq(value) ? [...entries] : sortByName([...entries]));
}

/** Reads `labels`, sorted. Numbers need no quotes: the vendor's examples leave `cooldown_time_ms` unquoted. */
export function readLabels(source: YamlSource, spec: SpecVersion | undefined, member: Member): Record<string, string> {
  const { value, keyNode } = member;
  if (value === null) return {};
  if (yaml.isSeq(value)) source.report(value, "'labels' must be a map: write 'name: value', not '- name=value'.");
  const labels: [string, string][] = [];
  for (const label of (yaml.isSeq(value) ? undefined : source.mapMembers(value, keyNode, "'labels'")) ?? []) {
    // v0.6 has no rule for names. Source of the rule: the JSON schema of v0.7.
    if (spec === "0.7" && !/^[a-zA-Z0-9._/-]+$/.test(label.key)) {
      source.report(label.keyNode, "a label may contain only letters, digits and '._/-'.");
    }
    if (label.key === "" || label.key.includes("\0")) {
      source.report(label.keyNode, "the name of a label must not be empty or contain NUL.");
    }
    const text = source.scalar(label.value, label.keyNode, `'labels.${label.key}'`);
    if (text === undefined) continue;
    labels.push([label.key, text]);
    for (const problem of readInstanceLabels({ [label.key]: text }).problems) source.warn(label.value, `${problem}.`);
  }
  return toRecord(sortByName(labels));
}

const sortByName = (entries: [string, string][]): [string, string][] => entries.sort(([a], [b]) => (a < b ? -1 : 1));

/** `Object.fromEntries`, which also takes the name `__proto__` as it is. */
const toRecord = (entries: readonly [string, string][]): Record<string, string> => Object.fromEntries(entries);

/** KraftKit replaces `$NAME` and `${NAME}` in a v0.6 file, and `$$` by `$`. */
const hasInterpolation = (text: string): boolean => /\$[${A-Za-z_]/.test(text);

/** The tools disagree here; the current one, unikraft, leaves the text alone. */
function warnOfInterpolation(source: YamlSource, { key, keyNode }: Member): void {
  source.warn(
    keyNode,
    `'$' in '${key}' is kept as written, as the unikraft CLI does; the older kraft replaces it in v0.6 files.`,
  );
}
