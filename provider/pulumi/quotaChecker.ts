/** Quota checks at preview: adds up the usage of all resources of a plan, in the order in which the engine checks them. */
import { diff } from "../definition/diff";
import { fieldsIn, sameFields } from "../definition/fields";
import type { Properties } from "../definition/resource";
import type { AnyResource } from "../resources/all";
import type { QuotasItem } from "../resources/fetchQuotas";
import {
  type QuotaUsage,
  type ExceededQuota,
  usageIncrease,
  findExceededLimits,
  findExceededPeaks,
  findExceededQuotas,
} from "./planQuota";
import type { Say } from "./describeChanges";
import { inputsFromState } from "./dynamic/state";

/** The inputs, with the old values of those that the server keeps when a program leaves them out. */
const withKeptInputs = ({ inputs }: AnyResource, olds: Properties, news: Properties): Properties => ({
  ...news,
  ...Object.fromEntries(
    fieldsIn(inputs)
      .filter(({ name, meta }) => news[name] === undefined && meta?.keptWhenAbsent === true)
      .map(({ name }) => [name, olds[name]]),
  ),
});

/** Two components may have resources with the same label; their names in the metro differ. */
const planKey = (label: string, { name }: Properties): string => `${label} ${String(name)}`;

/** The old resource of a replacement. */
interface Predecessor {
  /** Its quota usage. */
  readonly usage: QuotaUsage;
  /** True if the provider requires its deletion before the replacement is created. */
  readonly isDeletedFirst: boolean;
}

/** Checks the resources of one plan against the account quotas, one after the other. */
export class QuotaChecker {
  private readonly plannedUsage = new Map<string, QuotaUsage>();
  /** By label: the name of a replacement is not known before its check. */
  private readonly predecessors = new Map<string, Predecessor[]>();
  private readonly fetchQuotas: () => Promise<QuotasItem | undefined>;
  private readonly warn: Say;
  private readonly findFeatures: () => Promise<ReadonlySet<string> | undefined>;
  private quotas: Promise<QuotasItem | undefined> | undefined;

  /**
   * @param fetchQuotas called once, before the first change of the plan; {@link check} rethrows its errors
   * @param warn says warnings, which do not fail the check
   * @param findFeatures returns the extensions of the API that the metro has; `undefined` if it does not respond. Default: that
   */
  constructor(
    fetchQuotas: () => Promise<QuotasItem | undefined>,
    warn: Say,
    findFeatures: () => Promise<ReadonlySet<string> | undefined> = () => Promise.resolve(undefined),
  ) {
    this.fetchQuotas = fetchQuotas;
    this.warn = warn;
    this.findFeatures = findFeatures;
  }

  /** The quotas and limits that the plan exceeds with this resource, as sentences; `olds` is empty for a new resource. */
  async check(
    resource: AnyResource,
    label: string,
    olds: Properties,
    news: Properties,
    urn?: string,
  ): Promise<readonly string[]> {
    if (resource.quotaUsage === undefined) return [];
    const isCreate = Object.keys(olds).length === 0;
    if (!isCreate && sameFields(resource.inputs, olds, news)) {
      this.forget(label, news);
      return [];
    }
    const wanted = resource.quotaUsage(isCreate ? news : withKeptInputs(resource, olds, news));
    const predecessor = isCreate ? this.predecessors.get(label)?.shift() : undefined;
    const had = isCreate ? (predecessor?.isDeletedFirst === true ? predecessor.usage : {}) : resource.quotaUsage(olds);
    const key = planKey(label, news);
    this.plannedUsage.set(key, usageIncrease(wanted, had));
    // A preview without changes sends no request.
    if (!isCreate && diff(resource, inputsFromState(resource, olds), news).length === 0) return [];
    this.quotas ??= this.fetchQuotas();
    const quotas = await this.quotas;
    if (quotas === undefined) return [];
    const findExceeded = () => findExceededQuotas(quotas, this.plannedUsage, key, resource.kind, news);
    const besidePredecessor = findExceeded();
    const mayDeleteFirst = besidePredecessor.length > 0 && predecessor !== undefined && !predecessor.isDeletedFirst;
    // The program may set the option deleteBeforeReplace, which the engine does not pass to providers.
    if (mayDeleteFirst) this.plannedUsage.set(key, usageIncrease(wanted, predecessor.usage));
    const withoutPredecessor = mayDeleteFirst ? findExceeded() : besidePredecessor;
    if (mayDeleteFirst && withoutPredecessor.length === 0)
      this.warn([replacementQuotaWarning(label, besidePredecessor)], urn);
    const exceeded = [...findExceededLimits(quotas, news, olds), ...withoutPredecessor.map(({ sentence }) => sentence)];
    if (exceeded.length > 0 || resource.updatePeak === undefined) return exceeded;
    const peak = resource.updatePeak(olds, news, await this.findFeatures());
    return peak === undefined
      ? []
      : findExceededPeaks(quotas, this.plannedUsage, key, peak, isCreate ? "create" : "update");
  }

  /** Discards a check whose change will not happen in place because the resource is replaced or moves. */
  forget(label: string, news: Properties): void {
    this.plannedUsage.delete(planKey(label, news));
  }

  /** Announces a replacement; the engine checks its inputs next. */
  expectReplacement(resource: AnyResource, label: string, olds: Properties, isDeletedFirst: boolean): void {
    const predecessor = { usage: resource.quotaUsage?.(olds) ?? {}, isDeletedFirst };
    this.predecessors.set(label, [...(this.predecessors.get(label) ?? []), predecessor]);
  }
}

const replacementQuotaWarning = (label: string, exceeded: readonly ExceededQuota[]): string =>
  `${label}: creating its replacement first would exceed ${exceeded.map(({ quota }) => quota).join(", ")}; ` +
  "set the option deleteBeforeReplace: true, or the replacement will fail.";
