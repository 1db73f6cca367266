/**
 * What `pulumi preview --json` prints: one JSON object. Pure.
 *
 * Source: pulumi/pulumi v3.259.0, `pkg/display/json.go` (`PreviewDigest`) and `pkg/backend/display/json.go`. The object has no version, so
 * its shape has to tell whether it is one that we know.
 */
import * as z from "zod";
import { UnikernelError } from "../../base/errors";

/** The Pulumi CLI whose output the tests record. */
export const TESTED_PULUMI = "3.259.0";

/** Key by which the engine marks secrets. Source: pulumi/pulumi `sdk/go/common/resource/sig/sig.go`, `Key`. */
export const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";

/** Operations of a step. Source: pulumi/pulumi v3.259.0, `pkg/resource/deploy/step.go`. */
const OPERATIONS = [
  "same",
  "create",
  "update",
  "delete",
  "replace",
  "create-replacement",
  "delete-replaced",
  "read",
  "read-replacement",
  "refresh",
  "discard",
  "discard-replaced",
  "remove-pending-replace",
  "import",
  "import-replacement",
  "diff",
  "extend-parameterize",
] as const;

/** A URN with its four parts: `urn:pulumi:stack::project::types::name`. */
const urn = z.string().regex(/^urn:pulumi:[^:]+::[^:]+::.+::[\s\S]+$/);

const state = z.object({
  parent: z.string().default(""),
  provider: z.string().default(""),
  protect: z.boolean().default(false),
  dependencies: z.array(z.string()).nullish(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  outputs: z.record(z.string(), z.unknown()).default({}),
});

const step = z.object({
  op: z.enum(OPERATIONS),
  urn,
  oldState: state.nullish(),
  newState: state.nullish(),
  replaceReasons: z.array(z.string()).nullish(),
});

const diagnostic = z.object({
  urn: z.string().default(""),
  message: z.string().default(""),
  severity: z.string().default("info"),
});

const digest = z.object({
  config: z.record(z.string(), z.string()).default({}),
  steps: z.array(step).default([]),
  diagnostics: z.array(diagnostic).default([]),
  changeSummary: z.record(z.string(), z.number()).default({}),
  duration: z.number(),
});

/** A preview. Values of properties are as the engine printed them: secrets are `[secret]`, unknown ones are a UUID. */
export type PreviewDigest = z.output<typeof digest>;
/** What the preview does to one resource; one resource may have several steps. */
export type PreviewStep = PreviewDigest["steps"][number];
/** The state of a resource before or after a step. */
export type StepState = z.output<typeof state>;

/**
 * Reads a preview. Throws `INPUT_INVALID` with one sentence for anything else, such as the preview of a Pulumi version with another form.
 *
 * @param source where the text is from, such as `preview.json`
 */
export function parsePreview(text: string, source: string): PreviewDigest {
  const json = parseJson(text, source);
  const parsed = digest.safeParse(json);
  if (parsed.success) return parsed.data;
  const isEvent = typeof json === "object" && json !== null && "sequence" in json;
  throw previewError(source, isEvent ? "it is a stream of engine events" : differenceOf(parsed.error));
}

/** Where a document is not as it should be, as the end of a sentence. */
export function differenceOf({ issues: [issue] }: z.ZodError): string {
  return issue === undefined || issue.path.length === 0 ? "it differs" : `it differs at '${issue.path.join(".")}'`;
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A stream has one object per line, which as a whole is no JSON.
    if (/^\s*\{"sequence":/.test(text)) throw previewError(source, "it is a stream of engine events");
    const hint = "If the preview has failed, its own error says why; stdout has to be nothing but the object.";
    throw previewError(source, text.trim() === "" ? "it is empty" : "it is not JSON", hint);
  }
}

const previewError = (
  source: string,
  problem: string,
  hint = "Write it with such a version, without PULUMI_ENABLE_STREAMING_JSON_PREVIEW.",
): UnikernelError =>
  new UnikernelError(
    "INPUT_INVALID",
    `${source} is not the object that 'pulumi preview --json' of Pulumi 3 prints (tested with ${TESTED_PULUMI}): ${problem}.`,
    { hint },
  );

/** The parts of a URN. */
export interface UrnParts {
  readonly stack: string;
  readonly project: string;
  /** Type of the resource itself, without those of its parents. */
  readonly type: string;
  /** It may hold colons. */
  readonly name: string;
}

/** Splits a URN, of which the last of its types is the resource's. */
export function splitUrn(text: string): UrnParts {
  const [head = "", project = "", types = "", ...name] = text.split("::");
  return {
    stack: head.replace(/^urn:pulumi:/, ""),
    project,
    type: types.split("$").at(-1) ?? "",
    name: name.join("::"),
  };
}

const KIND_PATTERN = /^(?:pulumi-nodejs:dynamic\/unikernel|unikernel:index):(\w+)$/;

/** The kind of one of our resources, such as `Instance`; `undefined` for a type of another package. */
export const kindOf = (type: string): string | undefined => KIND_PATTERN.exec(type)?.[1];
