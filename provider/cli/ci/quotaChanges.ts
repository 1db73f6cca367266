/** What the resources of a preview use of the account's quotas, before and after it. Pure. */
import { STATE_VERSION_KEY, currentStateVersion, migrate } from "../../definition/migrate";
import { type AnyResource, type ResourceKind, resourceOf, resources } from "../../resources/all";
import { type PreviewDigest, type StepState, kindOf, splitUrn } from "./previewDigest";
import type { PlannedChange } from "./plannedChanges";

/** A quota whose use changes. */
export interface QuotaChange {
  /** Name in the API, such as `live_memory_mb`. */
  readonly quota: string;
  /** In MiB for names that end in `_mb`. */
  readonly before: number;
  readonly after: number;
}

/** The quotas whose use changes. */
export interface QuotaChanges {
  /** By name. */
  readonly changes: readonly QuotaChange[];
  /** True if the preview lists all resources of the stack, also those that do not change: with `--show-sames` or `--refresh`. */
  readonly isWholeStack: boolean;
}

/** Sums up all resources that the preview lists, except those that the stack only looks up. */
export function quotaChanges({ steps, changeSummary }: PreviewDigest, planned: readonly PlannedChange[]): QuotaChanges {
  const changed = new Set(planned.map(({ urn }) => urn));
  const unchanged = new Map(
    steps
      .filter(({ urn, op }) => !changed.has(urn) && op !== "read")
      .map(({ urn, oldState }) => [urn, oldState ?? undefined]),
  );
  const [before, after] = [new Map<string, number>(), new Map<string, number>()];
  for (const [urn, state] of unchanged) {
    add(before, urn, state);
    add(after, urn, state);
  }
  for (const { urn, action, before: old, after: news } of planned) {
    add(before, urn, old);
    if (action !== "delete") add(after, urn, news, "new inputs");
  }
  const changes = [...new Set([...before.keys(), ...after.keys()])]
    .toSorted()
    .map((quota) => ({ quota, before: before.get(quota) ?? 0, after: after.get(quota) ?? 0 }))
    .filter((change) => change.before !== change.after);
  return { changes, isWholeStack: unchanged.size >= (changeSummary["same"] ?? 0) };
}

/** State has the shape of the release that wrote it; new inputs have the current one, and no version. */
function add(sums: Map<string, number>, urn: string, state: StepState | undefined, from?: "new inputs"): void {
  const resource = definitionOf(kindOf(splitUrn(urn).type));
  if (resource?.quotaUsage === undefined || state === undefined) return;
  const version = from === undefined ? {} : { [STATE_VERSION_KEY]: currentStateVersion(resource) };
  const usage = resource.quotaUsage(migrate(resource, { ...state.inputs, ...version }));
  for (const [quota, amount] of Object.entries(usage)) sums.set(quota, (sums.get(quota) ?? 0) + amount);
}

const definitionOf = (kind: string | undefined): AnyResource | undefined =>
  kind !== undefined && Object.hasOwn(resources, kind) ? resourceOf(kind as ResourceKind) : undefined;
