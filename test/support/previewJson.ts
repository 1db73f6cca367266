/** Previews as `pulumi preview --json` prints them, for tests: recorded ones, and made-up ones of any size. */
import * as fs from "node:fs";
import * as path from "node:path";

const fixtures = path.join(__dirname, "..", "fixtures", "ci");

/**
 * A recorded preview. Each is the output of Pulumi 3.259.0 for one change of one stack, without what differs by machine and run: source
 * positions, stack traces, times and the warning about where the language host was found. `pulumi-3.215.0` is that of an engine of this
 * release, built from its Go module as `scripts/setup/engine.mjs` does, for a changed image and volume, a deleted volume and a new service
 * with a secret, two of them in a component.
 */
export const recordedPreview = (name: string): string =>
  fs.readFileSync(path.join(fixtures, "previews", `${name}.json`), "utf8");

/** The plan that the same preview saved, its ciphertexts replaced. Only `pulumi-3.215.0` has one. */
export const recordedPlan = (name: string): string => path.join(fixtures, "plans", `${name}.json`);

/** The comment for it, written by hand from the rules before the command existed; without the last line break. */
export const expectedComment = (name: string): string =>
  fs.readFileSync(path.join(fixtures, "comments", `${name}.md`), "utf8").trimEnd();

/** What a made-up step has beside its operation. */
interface StepOptions {
  readonly type?: string;
  readonly parent?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly oldInputs?: Readonly<Record<string, unknown>>;
  readonly oldOutputs?: Readonly<Record<string, unknown>>;
  readonly replaceReasons?: readonly string[];
}

/** URN of the stack of made-up resources, their parent. */
export const STACK_URN = "urn:pulumi:test::shop::pulumi:pulumi:Stack::shop-test";

/** URN of a made-up resource. */
export const urnFor = (name: string, type = "pulumi-nodejs:dynamic/unikernel:Instance"): string =>
  `urn:pulumi:test::shop::${type}::${name}`;

/** A made-up step. A create has no old state, and a delete no new one. */
export function previewStep(op: string, name: string, options: StepOptions = {}): object {
  const { type, parent = STACK_URN, inputs = {}, oldInputs = inputs, oldOutputs = {}, replaceReasons } = options;
  const urn = urnFor(name, type);
  return {
    op,
    urn,
    ...(op === "create" ? {} : { oldState: { urn, parent, inputs: oldInputs, outputs: oldOutputs } }),
    ...(op === "delete" ? {} : { newState: { urn, parent, inputs } }),
    ...(replaceReasons === undefined ? {} : { replaceReasons }),
    detailedDiff: null,
  };
}

/** A made-up message about a resource. */
export const previewMessage = (message: string, urn: string, severity = "info"): object => ({
  urn,
  message: `${message}\n`,
  severity,
});

/** A made-up preview. */
export const previewOf = (
  steps: readonly object[],
  diagnostics: readonly object[] = [],
  changeSummary: Readonly<Record<string, number>> = {},
): string => JSON.stringify({ steps, diagnostics, duration: 1, changeSummary });
