/** Plans a Compose project from files in memory. */
import assert from "node:assert/strict";
import { UnikernelError } from "../../provider/base/errors";
import type { ComposePlan, PlannedService } from "../../provider/compose/model";
import { type ComposeInput, planCompose } from "../../provider/compose/planCompose";

/** What a test gives beside the file. */
export interface ComposeFiles extends Partial<Pick<ComposeInput, "envFile" | "project" | "profiles">> {
  /** Other files by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** The environment of the process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Most files of tests name no memory, which is not what they are about. */
const isAboutMemory = (warning: string): boolean => warning.includes(" of memory, since the file names no size.");

/** The plan of `app/compose.yaml`, without the warning that services have the default memory. */
export function planOf(text: string, input: ComposeFiles = {}): ComposePlan {
  const { warnings, ...plan } = completePlanOf(text, input);
  return { ...plan, warnings: warnings.filter((warning) => !isAboutMemory(warning)) };
}

/** The plan of `app/compose.yaml` with all warnings. */
export function completePlanOf(
  text: string,
  { files = {}, environment = {}, ...input }: ComposeFiles = {},
): ComposePlan {
  const all: Readonly<Record<string, string>> = { "app/compose.yaml": text, ...files };
  return planCompose({
    file: "app/compose.yaml",
    ...input,
    read: (file) => all[file],
    environment: (name) => environment[name],
  });
}

/** The plan of the only service of a file, whose keys are given; with the warnings. */
export function planService(
  keys: string,
  files: ComposeFiles = {},
): PlannedService & { readonly warnings: readonly string[] } {
  const { services, warnings } = planOf(`name: p\nservices:\n  web:\n${indent(keys)}`, files);
  const [service] = services;
  assert.ok(service !== undefined);
  return { ...service, warnings };
}

/** The problems of a file, one per line. */
export function problemsOf(text: string, files: ComposeFiles = {}): readonly string[] {
  try {
    planOf(text, files);
  } catch (error) {
    assert.ok(UnikernelError.has(error, "COMPOSE_INVALID"), String(error));
    return error.message.split("\n");
  }
  return [];
}

/** The problems of a service with these keys, without `app/compose.yaml:` and the position. */
export const serviceProblems = (keys: string, files: ComposeFiles = {}): readonly string[] =>
  problemsOf(`name: p\nservices:\n  web:\n${indent(keys)}`, files).map((line) => line.replace(/^[^ ]+ /, ""));

const indent = (keys: string): string => keys.replace(/^(?=.)/gm, "    ");
