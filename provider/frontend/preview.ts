/** What a preview says beyond the engine's own words: what an update will do, and that the account's quotas do not suffice. */
import type { Properties } from "../definition/define";
import { type PropertyChange, diff } from "../definition/diff";
import { narrate } from "../definition/narrate";
import type { AnyResource } from "../resources/all";
import type { QuotasItem } from "../resources/quotas";
import { inputsOf, owesStart } from "./state";
import { type Demands, growth, overLimits, overQuotas } from "./quotaPlan";

/** A change that was decided. */
export interface Decided {
  readonly label: string;
  /** The old state, whole. */
  readonly olds: Properties;
  readonly news: Properties;
  readonly changes: readonly PropertyChange[];
  readonly moves: boolean;
  readonly deletesFirst: boolean;
}

/** The sentences about it, from the same plan that the update carries out. */
export function foresee(resource: AnyResource, decided: Decided): readonly string[] {
  const { label, olds, news, changes, moves, deletesFirst } = decided;
  const before = inputsOf(resource, olds);
  // What is not known may turn out to be no change: the plan is for what is sure.
  const open = changes.filter(({ certain }) => !certain).map(({ property }) => [property, before[property]] as const);
  const isSure = changes.some(({ certain }) => certain) || owesStart(olds);
  const inPlace = !moves && changes.every(({ replace }) => !replace) && isSure;
  const after = inputsOf(resource, { ...news, ...Object.fromEntries(open) });
  const steps = inPlace ? (resource.describeUpdate?.(before, after, olds) ?? []) : [];
  return narrate({ label, changes, moves, deletesFirst, isLocked: before["deleteLock"] === true, steps });
}

/** Prints each sentence once per process. The engine shows what a dynamic provider process prints. */
export function announcer(print: (line: string) => void): (sentences: readonly string[]) => void {
  const said = new Set<string>();
  return (sentences) => {
    for (const sentence of sentences) {
      if (said.has(sentence)) continue;
      said.add(sentence);
      print(sentence);
    }
  };
}

/** Adds up what the resources of one plan take, as they are checked one after the other. */
export class QuotaWatch {
  private readonly plan = new Map<string, Demands>();
  private readonly freed = new Map<string, Demands>();
  private readonly fetchQuotas: () => Promise<QuotasItem | undefined>;
  private quotas: Promise<QuotasItem | undefined> | undefined;

  /** @param fetchQuotas asked once, before anything of the plan is made */
  constructor(fetchQuotas: () => Promise<QuotasItem | undefined>) {
    this.fetchQuotas = fetchQuotas;
  }

  /** What the plan exceeds with this resource; `olds` are empty for one that is made. */
  async failures(resource: AnyResource, label: string, olds: Properties, news: Properties): Promise<readonly string[]> {
    if (resource.demands === undefined) return [];
    const had = Object.keys(olds).length === 0 ? (this.freed.get(label) ?? {}) : resource.demands(olds);
    this.plan.set(label, growth(resource.demands(news), had));
    // What stays as it is asks nothing: a preview without changes costs no request.
    const before = inputsOf(resource, olds);
    if (Object.keys(olds).length > 0 && diff(resource, before, news).length === 0) return [];
    this.quotas ??= this.fetchQuotas();
    const quotas = await this.quotas;
    return quotas === undefined
      ? []
      : [...overLimits(quotas, news, olds), ...overQuotas(quotas, this.plan, label, news)];
  }

  /** The old one goes before its successor is made, which the engine checks next. */
  frees(resource: AnyResource, label: string, olds: Properties): void {
    this.freed.set(label, resource.demands?.(olds) ?? {});
  }
}
