/** The keys that configure how an image runs: `cmd`, `env`, `labels`. */
import * as yaml from "yaml";
import type { Kraftfile } from "./model";
import { splitShellWords } from "./shellWords";
import type { Member, YamlSource } from "./yamlSource";

/** Reads `cmd` as argv: v0.7 splits a string by shell quoting rules, v0.6 keeps it as one argument. */
export function readCmd(source: YamlSource, spec: Kraftfile["spec"] | undefined, member: Member): string[] | undefined {
  const { value, keyNode } = member;
  if (yaml.isSeq(value)) {
    const items = source.listItems(value, keyNode, "'cmd'") ?? [];
    return items.flatMap((item, index) => source.string(item, value, `'cmd[${index}]'`) ?? []);
  }
  if (!yaml.isScalar(value) || typeof value.value !== "string") {
    return source.report(
      value ?? keyNode,
      `'cmd' must be a list of strings, or a string. Write it as ["/bin/app", "--flag"].`,
    );
  }
  const text = source.string(value, keyNode, "'cmd'");
  if (text === undefined) return undefined;
  if (spec !== "0.7") return [text];
  const split = splitShellWords(text);
  if ("words" in split) return [...split.words];
  return source.report(value, `${split.problem} (character ${split.offset + 1}); write 'cmd' as a list.`);
}

/** Reads `env`: a map is sorted by name, a list keeps its order. Problems never contain a value, which may be secret. */
export function readEnv(source: YamlSource, { value, keyNode }: Member): Record<string, string> | undefined {
  if (value === null) return {};
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
    return Object.fromEntries(entries);
  }
  if (!yaml.isMap(value))
    return source.report(value, "'env' must be a map of names to values, or a list of 'NAME=value'.");
  for (const member of source.mapMembers(value, keyNode, "'env'") ?? []) {
    add(member.key, source.scalar(member.value, member.keyNode, `'env.${member.key}'`), member.keyNode);
  }
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Reads `labels`, sorted. Numbers need no quotes: the vendor's examples leave `cooldown_time_ms` unquoted. */
export function readLabels(source: YamlSource, { value, keyNode }: Member): Record<string, string> | undefined {
  if (value === null) return {};
  const labels: [string, string][] = [];
  for (const member of source.mapMembers(value, keyNode, "'labels'") ?? []) {
    if (!/^[a-zA-Z0-9._/-]+$/.test(member.key)) {
      source.report(member.keyNode, "a label may contain only letters, digits and '._/-'.");
    }
    const text = source.scalar(member.value, member.keyNode, `'labels.${member.key}'`);
    if (text !== undefined) labels.push([member.key, text]);
  }
  return Object.fromEntries(labels.sort(([a], [b]) => (a < b ? -1 : 1)));
}
