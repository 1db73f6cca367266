/** The account's quotas at preview: what the resources of one plan take is added up as the engine checks them. */
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
  findExceededQuotas,
} from "./planQuota";
import { inputsFromState } from "./dynamic/state";

/** The inputs with what stays as it was where a program says it no more. */
const withKeptInputs = ({ inputs }: AnyResource, olds: Properties, news: Properties): Properties => ({
  ...news,
  ...Object.fromEntries(
    fieldsIn(inputs)
      .filter(({ name, meta }) => news[name] === undefined && meta?.keptWhenAbsent === true)
      .map(({ name }) => [name, olds[name]]),
  ),
});

/** Components may have resources of one label; their names in the metro differ. */
const planKey = (label: string, { name }: Properties): string => `${label} ${String(name)}`;

/** One that is to be replaced. */
interface Predecessor {
  /** What it has. */
  readonly usage: QuotaUsage;
  /** It is gone before its successor is made, as far as this provider decides. */
  readonly isDeletedFirst: boolean;
}

/** Adds up what the resources of one plan take, as they are checked one after the other. */
export class QuotaChecker {
  private readonly plannedUsage = new Map<string, QuotaUsage>();
  /** By label: the name of a successor is not known before it is checked. */
  private readonly predecessors = new Map<string, Predecessor[]>();
  private readonly fetchQuotas: () => Promise<QuotasItem | undefined>;
  private readonly warn: (sentences: readonly string[]) => void;
  private quotas: Promise<QuotasItem | undefined> | undefined;

  /**
   * @param fetchQuotas asked once, before anything of the plan is made; what it throws, {@link check} throws
   * @param announce prints what may fail, which is no reason to refuse it
   */
  constructor(fetchQuotas: () => Promise<QuotasItem | undefined>, announce: (sentences: readonly string[]) => void) {
    this.fetchQuotas = fetchQuotas;
    this.warn = announce;
  }

  /** What the plan exceeds with this resource; `olds` are empty for one that is made. */
  async check(resource: AnyResource, label: string, olds: Properties, news: Properties): Promise<readonly string[]> {
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
    // What stays as it is asks nothing: a preview without changes costs no request.
    if (!isCreate && diff(resource, inputsFromState(resource, olds), news).length === 0) return [];
    this.quotas ??= this.fetchQuotas();
    const quotas = await this.quotas;
    if (quotas === undefined) return [];
    const findExceeded = () => findExceededQuotas(quotas, this.plannedUsage, key, resource.kind, news);
    const besidePredecessor = findExceeded();
    const mayDeleteFirst = besidePredecessor.length > 0 && predecessor !== undefined && !predecessor.isDeletedFirst;
    // The option deleteBeforeReplace is the program's, and no provider is told of it.
    if (mayDeleteFirst) this.plannedUsage.set(key, usageIncrease(wanted, predecessor.usage));
    const withoutPredecessor = mayDeleteFirst ? findExceeded() : besidePredecessor;
    if (mayDeleteFirst && withoutPredecessor.length === 0)
      this.warn([replacementQuotaWarning(label, besidePredecessor)]);
    return [...findExceededLimits(quotas, news, olds), ...withoutPredecessor.map(({ sentence }) => sentence)];
  }

  /** What was checked as a change is none: it goes, or stays where it is. */
  forget(label: string, news: Properties): void {
    this.plannedUsage.delete(planKey(label, news));
  }

  /** A successor is made, which the engine checks next. */
  expectReplacement(resource: AnyResource, label: string, olds: Properties, isDeletedFirst: boolean): void {
    const predecessor = { usage: resource.quotaUsage?.(olds) ?? {}, isDeletedFirst };
    this.predecessors.set(label, [...(this.predecessors.get(label) ?? []), predecessor]);
  }
}

const replacementQuotaWarning = (label: string, exceeded: readonly ExceededQuota[]): string =>
  `${label}: its successor has no room beside it in ${exceeded.map(({ quota }) => quota).join(", ")}: ` +
  "unless it has the option deleteBeforeReplace: true, replacing it will fail.";
