/** The changes of a preview: one per resource, with what the provider said about it. Pure. */
import { SIGNATURE_KEY, type PreviewDigest, type PreviewStep, type StepState, kindOf, splitUrn } from "./previewDigest";

/** What happens to a resource, in the order of a comment: the most drastic first. */
export const ACTIONS = ["error", "replace", "delete", "update", "create", "import"] as const;
/** One of them. */
export type Action = (typeof ACTIONS)[number];

/** The change of one resource, or the error that a preview ended with. */
export interface PlannedChange {
  readonly urn: string;
  readonly action: Action;
  /** Such as `Instance`; of another package the type, such as `kubernetes:core/v1:Pod`. */
  readonly kind: string;
  readonly name: string;
  /** Name of the component that it belongs to; empty without one. */
  readonly component: string;
  /** Sentences without a label: the provider's, or one of ours where it has none. */
  readonly sentences: readonly string[];
  readonly before: StepState | undefined;
  readonly after: StepState | undefined;
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The changes in a stable order: by action, kind, name and URN. Unchanged resources, the stack and providers are left out. */
export function plannedChanges(preview: PreviewDigest): readonly PlannedChange[] {
  const steps = Map.groupBy(preview.steps, ({ urn }) => urn);
  const failed = preview.diagnostics.filter(({ severity }) => severity === "error").map(({ urn }) => urn);
  const changes = [...new Set([...steps.keys(), ...failed])].flatMap((urn) => {
    const own = steps.get(urn) ?? [];
    const action = failed.includes(urn) ? "error" : actionOf(own);
    return action === undefined ? [] : [toChange(urn, action, own, preview)];
  });
  const rank = ({ action }: PlannedChange): number => ACTIONS.indexOf(action);
  const key = ({ kind, name, urn }: PlannedChange): string => [kind, name, urn].join("\0");
  return changes.toSorted((a, b) => rank(a) - rank(b) || byCodeUnits(key(a), key(b)));
}

const REPLACING = ["replace", "create-replacement", "delete-replaced", "import-replacement"];

/**
 * What the steps of one resource come to; `undefined` if nothing changes. With `--refresh` its state is read first, which shows as a step
 * of its own: a `delete` before a `create` means that somebody deleted it.
 */
function actionOf(steps: readonly PreviewStep[]): Action | undefined {
  const [first] = steps;
  if (first === undefined || isInfrastructure(splitUrn(first.urn).type)) return undefined;
  if (steps.some(({ op }) => REPLACING.includes(op))) return "replace";
  const last = steps.findLast(({ op }) => op !== "refresh")?.op;
  return ACTIONS.find((action) => action === last);
}

/** True for what the engine has beside the program's resources. */
const isInfrastructure = (type: string): boolean =>
  type === "pulumi:pulumi:Stack" || type.startsWith("pulumi:providers:");

function toChange(
  urn: string,
  action: Action,
  steps: readonly PreviewStep[],
  { diagnostics }: PreviewDigest,
): PlannedChange {
  const { type, name } = splitUrn(urn);
  const kind = kindOf(type);
  const after = steps.findLast(({ newState }) => newState != null)?.newState ?? undefined;
  const parent = splitUrn(after?.parent ?? "");
  const said = diagnostics
    .filter((one) => one.urn === urn && (action !== "error" || one.severity !== "info"))
    .map(({ message, severity }) => toSentence(message, severity));
  return {
    urn,
    action,
    kind: kind ?? (urn === "" || type === "pulumi:pulumi:Stack" ? "program" : type),
    name: type === "pulumi:pulumi:Stack" ? "" : name,
    component: isInfrastructure(parent.type) ? "" : parent.name,
    // Other packages and programs may print anything.
    sentences: kind !== undefined && said.length > 0 ? [...new Set(said)] : [defaultSentence(action, kind, steps)],
    before: steps.find(({ oldState }) => oldState != null)?.oldState ?? undefined,
    after,
  };
}

/** Such as `Service 'web': ` of our messages. */
const LABEL = /^[A-Z]\w+ '[^']*': /;
/** What the engine puts before the sentence of a check; for some properties it shows their value. */
const PROBLEM = /^[\s\S]*? has a problem: /;

function toSentence(message: string, severity: string): string {
  if (message.includes(SIGNATURE_KEY)) return "A message that holds a secret is not shown here.";
  const text = message
    .replace(/^(error|warning): /, "")
    .replace(severity === "error" ? PROBLEM : LABEL, "")
    .replace(LABEL, "")
    .replace(/\s+/g, " ")
    .trim();
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return severity === "warning" ? `Warning: ${sentence}` : sentence;
}

function defaultSentence(action: Action, kind: string | undefined, steps: readonly PreviewStep[]): string {
  const reasons = [...new Set(steps.flatMap(({ replaceReasons }) => replaceReasons ?? []))].toSorted(byCodeUnits);
  const ops = steps.map(({ op }) => op);
  switch (action) {
    case "error":
      return "Failed; the output of the preview says why.";
    case "replace":
      return reasons.length === 0 ? "Will be replaced." : `Will be replaced because of ${reasons.join(", ")}.`;
    case "delete":
      return kind === "Volume" ? "Will be deleted with its files." : "Will be deleted.";
    case "update":
      return "Will be changed in place.";
    case "create":
      return ops.includes("delete") ? "Was deleted outside Pulumi, and will be created again." : "Will be created.";
    case "import":
      return "Will be imported.";
  }
}
