/**
 * Whether a saved plan still applies: the engine's own rules for `pulumi up --plan`, applied to a current preview. Pure.
 *
 * Source of the rules: pulumi/pulumi v3.259.0, `pkg/resource/deploy/plan.go` (`checkGoal`, `checkDiff`) and `step.go` (`ConstrainedTo`).
 * The preview prints secrets as `[secret]`, so secret values are not compared.
 */
import { isDeepStrictEqual } from "node:util";
import { isUnknown } from "../../definition/unknowns";
import { SIGNATURE_KEY, type PreviewDigest, type PreviewStep, type StepState, kindOf, splitUrn } from "./previewDigest";
import type { ResourcePlan, SavedPlan } from "./savedPlan";

/** Why the plan does not apply to one resource. */
export interface PlanViolation {
  /** Such as `Instance 'web'`; `The plan` for all of it. */
  readonly subject: string;
  /** The rest of the sentence, with its full stop. */
  readonly reason: string;
}

/** The violations, by URN; none if the plan still applies. */
export function comparePlan({ resourcePlans, config }: SavedPlan, preview: PreviewDigest): readonly PlanViolation[] {
  const failed = preview.diagnostics.find(({ severity }) => severity === "error");
  if (failed !== undefined) return [{ subject: "The plan", reason: "cannot be applied: the current preview fails." }];
  const [planned, current] = [Object.keys(resourcePlans), preview.steps.map(({ urn }) => urn)].map(stackOf);
  if (planned !== undefined && current !== undefined && planned !== current)
    return [{ subject: "The plan", reason: `is for '${planned}', and the preview is of '${current}'.` }];
  const settings = changedSettings(config, preview.config);
  if (settings.length > 0)
    return [{ subject: "The plan", reason: `was made with another configuration: ${settings.join(", ")}.` }];
  const steps = Map.groupBy(preview.steps, ({ urn }) => urn);
  const listed = preview.steps.filter(({ op }) => op === "same").length;
  const listsAll = listed >= (preview.changeSummary["same"] ?? 0);
  return [...new Set([...Object.keys(resourcePlans), ...steps.keys()])]
    .filter((urn) => !splitUrn(urn).type.startsWith("pulumi:providers:"))
    .toSorted()
    .flatMap((urn) => {
      const reason = violationOf(resourcePlans[urn], steps.get(urn), listsAll);
      return reason === undefined ? [] : [{ subject: labelOf(urn), reason }];
    });
}

/** The settings that differ, by name. Providers have them as inputs, which a plan fixes, and the preview does not list providers. */
const changedSettings = (
  planned: Readonly<Record<string, unknown>>,
  current: Readonly<Record<string, string>>,
): readonly string[] =>
  [...new Set([...Object.keys(planned), ...Object.keys(current)])]
    .filter((name) => current[name] !== PRINTED_SECRET && planned[name] !== current[name])
    .toSorted();

/** Project and stack of the URNs; `undefined` without any. */
function stackOf(urns: readonly string[]): string | undefined {
  const [first] = urns;
  if (first === undefined) return undefined;
  const { project, stack } = splitUrn(first);
  return `${project}/${stack}`;
}

function labelOf(urn: string): string {
  const { type, name } = splitUrn(urn);
  return `${kindOf(type) ?? type} '${name}'`;
}

/** Why the plan of one resource does not allow its current steps; `undefined` if it does. */
function violationOf(
  plan: ResourcePlan | undefined,
  steps: readonly PreviewStep[] | undefined,
  listsAll: boolean,
): string | undefined {
  const planned = plan === undefined ? "same" : operationOf(plan.steps);
  const step = steps?.findLast(({ op }) => op !== "refresh");
  if (step === undefined) {
    if (planned === "same" || (planned === "delete" && listsAll)) return undefined;
    return listsAll
      ? `was to be ${PARTICIPLES[planned] ?? planned}, and the program no longer has it.`
      : `was to be ${PARTICIPLES[planned] ?? planned}, and the preview does not list it: run the preview with --show-sames.`;
  }
  const current = operationOf(steps?.map(({ op }) => op) ?? []);
  if (!(ALLOWED[planned] ?? [planned]).includes(current)) {
    const now = `would be ${PARTICIPLES[current] ?? current} now`;
    return planned === "same"
      ? `${now}, which the plan does not contain.`
      : `was to be ${PARTICIPLES[planned] ?? planned}, and ${now}.`;
  }
  return plan?.goal == null || step.newState == null
    ? undefined
    : (changedOption(plan.goal, step.newState) ??
        changedInputs(plan.goal, step.oldState?.inputs ?? {}, step.newState.inputs));
}

/** The operation as users see it: a replacement has several steps. */
function operationOf(steps: readonly string[]): string {
  if (steps.some((op) => op.includes("replace"))) return "replace";
  return steps.findLast((op) => op !== "refresh") ?? "same";
}

/** Operations that a planned one allows, where they are more than itself. Of a replacement, each planned step has to happen. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  create: ["same", "create"],
  update: ["same", "update"],
};

const PARTICIPLES: Readonly<Record<string, string>> = {
  same: "left as it is",
  create: "created",
  update: "updated",
  delete: "deleted",
  replace: "replaced",
  import: "imported",
};

type Goal = NonNullable<ResourcePlan["goal"]>;

/** Options of a resource, which have to be those of the plan. */
function changedOption(goal: Goal, state: StepState): string | undefined {
  const sorted = (urns: readonly string[] | null | undefined): readonly string[] => (urns ?? []).toSorted();
  const same: Readonly<Record<string, boolean>> = {
    parent: goal.parent === state.parent,
    protect: goal.protect === state.protect,
    provider: isSameProvider(goal.provider, state.provider),
    dependsOn: isDeepStrictEqual(sorted(goal.dependencies), sorted(state.dependencies)),
  };
  const changed = Object.keys(same).filter((option) => same[option] === false);
  return changed.length === 0 ? undefined : `has other options than in the plan: ${changed.join(", ")}.`;
}

/** A provider is a URN and an id, which the plan may not know yet. */
const isSameProvider = (planned: string, current: string): boolean => {
  const [id = ""] = planned.split("::").slice(-1);
  return planned === current || (isUnknown(id) && current.startsWith(planned.slice(0, -id.length)));
};

/** The inputs that are not those of the plan, by name: a value may be a secret. */
function changedInputs(
  { inputDiff: { adds, updates, deletes } }: Goal,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): string | undefined {
  const planned = { ...adds, ...updates };
  const isAsPlanned = (name: string): boolean => {
    if (Object.hasOwn(planned, name)) return matches(planned[name], after[name]);
    if (deletes.includes(name)) return !Object.hasOwn(after, name);
    return isDeepStrictEqual(before[name], after[name]);
  };
  const names = [...new Set([...Object.keys(planned), ...deletes, ...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => !isAsPlanned(name)).toSorted();
  return changed.length === 0 ? undefined : `has other values than in the plan: ${changed.join(", ")}.`;
}

/** What the engine prints for a secret. Source: pulumi/pulumi `pkg/backend/display/json.go`. */
const PRINTED_SECRET = "[secret]";

/** True if the planned value allows the current one: an unknown allows any, and secrets cannot be compared. */
function matches(planned: unknown, current: unknown): boolean {
  if (isUnknown(planned) || current === PRINTED_SECRET) return true;
  if (planned === null || typeof planned !== "object") return planned === current;
  if (SIGNATURE_KEY in planned) return true;
  if (current === null || typeof current !== "object" || Array.isArray(planned) !== Array.isArray(current))
    return false;
  const [a, b] = [planned as Record<string, unknown>, current as Record<string, unknown>];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => matches(a[key], b[key]));
}
