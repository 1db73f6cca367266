/** Reads how a service runs: its arguments, labels and annotations. */
import { INSTANCE_LABEL_PREFIX, mergeScaleToZero, readInstanceLabels } from "../../image/kraftfile/instanceLabels";
import type { PlannedText, PlannedWorkload } from "../model";
import { shellWords } from "../text/shellWords";
import { entryOf, readPairs, readScalar, readTexts } from "../tree/readers";
import type { Reports } from "../tree/reports";
import type { Mapping, Tree } from "../tree/tree";

/**
 * The complete argument list: `entrypoint`, then `command`. An image of a unikernel has its whole argument list as its command, so `command`
 * alone replaces all of it, and so it does beside an empty `entrypoint`.
 */
export function readArgs(service: Mapping, where: string, reports: Reports): readonly PlannedText[] | undefined {
  const given = ["entrypoint", "command"].flatMap((key) => {
    const entry = entryOf(service, key);
    return entry === undefined ? [] : [{ key, ...entry }];
  });
  const [first] = given;
  if (first === undefined) return undefined;
  const { at, key } = first;
  const lists = given.map((entry) => wordsOf(entry.value, `${where}: '${entry.key}'`, reports));
  const args = lists.flatMap((words) => words ?? []);
  const isRead = lists.every((words) => words !== undefined);
  if (isRead && args.length === 0)
    reports.problem(at, `${where}: '${key}': an empty list leaves no program to start; remove it, or name one.`);
  if (args[0]?.text.startsWith("-") === true)
    reports.problem(
      entryOf(service, "command")?.at ?? at,
      `${where}: 'command' is the whole argument list; begin it with the program, such as /usr/bin/app.`,
    );
  return args;
}

function wordsOf(tree: Tree, what: string, reports: Reports): readonly PlannedText[] | undefined {
  if (tree.kind === "list") return readTexts(tree, what, reports).map(({ text, isSecret }) => ({ text, isSecret }));
  const scalar = readScalar(tree, what, reports);
  if (scalar === undefined) return undefined;
  const words = shellWords(scalar.text);
  if (words === undefined) return reports.problem(scalar.at, `${what}: a quote is not closed.`);
  return words.map((text) => ({ text, isSecret: scalar.isSecret }));
}

/** Labels that set when the instance may go to standby; any other has no effect. */
export function readScaleToZero(service: Mapping, where: string, reports: Reports): PlannedWorkload["scaleToZero"] {
  const entry = entryOf(service, "labels");
  if (entry === undefined) return undefined;
  const labels: Record<string, string> = {};
  for (const [name, { text, at }] of readPairs(entry.value, `${where}: 'labels'`, reports))
    if (name.startsWith(INSTANCE_LABEL_PREFIX)) labels[name] = text ?? "";
    else
      reports.warn(at, `${where}: the label '${name}' has no effect. Instances have annotations, tags and no labels.`);
  const { scaleToZero, problems } = readInstanceLabels(labels);
  for (const problem of problems)
    reports.problem(entry.at, `${where}: 'labels': ${problem.replace("the image's ", "the ")}.`);
  const merged = mergeScaleToZero(undefined, scaleToZero);
  if (scaleToZero !== undefined && merged === undefined)
    reports.problem(
      entry.at,
      `${where}: 'labels': '${INSTANCE_LABEL_PREFIX}scale_to_zero.policy' is missing; set it to on, idle or off.`,
    );
  return merged;
}

/** Annotations of the instance. */
export function readAnnotations(service: Mapping, where: string, reports: Reports): Readonly<Record<string, string>> {
  const entry = entryOf(service, "annotations");
  const pairs = entry === undefined ? [] : readPairs(entry.value, `${where}: 'annotations'`, reports);
  return Object.fromEntries([...pairs].map(([name, { text }]) => [name, text ?? ""]));
}
