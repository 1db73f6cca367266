/** The account's quotas at preview: what the resources of one plan take is added up as the engine checks them. */
import type { Properties } from "../definition/define";
import { diff } from "../definition/diff";
import { fieldsIn, sameFields } from "../definition/fields";
import type { AnyResource } from "../resources/all";
import type { QuotasItem } from "../resources/quotas";
import { type Demands, type Exceeded, growth, overLimits, overQuotas } from "./quotaPlan";
import { inputsOf } from "./state";

/** The inputs with what stays as it was where a program says it no more. */
const withKept = ({ inputs }: AnyResource, olds: Properties, news: Properties): Properties => ({
  ...news,
  ...Object.fromEntries(
    fieldsIn(inputs)
      .filter(({ name, meta }) => news[name] === undefined && meta?.keptWhenAbsent === true)
      .map(({ name }) => [name, olds[name]]),
  ),
});

/** Components may have resources of one label; their names in the metro differ. */
const keyOf = (label: string, { name }: Properties): string => `${label} ${String(name)}`;

/** One that is to be replaced. */
interface Predecessor {
  /** What it has. */
  readonly held: Demands;
  /** It is gone before its successor is made, as far as this provider decides. */
  readonly goesFirst: boolean;
}

/** Adds up what the resources of one plan take, as they are checked one after the other. */
export class QuotaWatch {
  private readonly plan = new Map<string, Demands>();
  /** By label: the name of a successor is not known before it is checked. */
  private readonly predecessors = new Map<string, Predecessor[]>();
  private readonly fetchQuotas: () => Promise<QuotasItem | undefined>;
  private readonly announce: (sentences: readonly string[]) => void;
  private quotas: Promise<QuotasItem | undefined> | undefined;

  /**
   * @param fetchQuotas asked once, before anything of the plan is made; what it throws, {@link failures} throws
   * @param announce prints what may fail, which is no reason to refuse it
   */
  constructor(fetchQuotas: () => Promise<QuotasItem | undefined>, announce: (sentences: readonly string[]) => void) {
    this.fetchQuotas = fetchQuotas;
    this.announce = announce;
  }

  /** What the plan exceeds with this resource; `olds` are empty for one that is made. */
  async failures(resource: AnyResource, label: string, olds: Properties, news: Properties): Promise<readonly string[]> {
    if (resource.demands === undefined) return [];
    const isMade = Object.keys(olds).length === 0;
    if (!isMade && sameFields(resource.inputs, olds, news)) {
      this.forgets(label, news);
      return [];
    }
    const wanted = resource.demands(isMade ? news : withKept(resource, olds, news));
    const predecessor = isMade ? this.predecessors.get(label)?.shift() : undefined;
    const had = isMade ? (predecessor?.goesFirst === true ? predecessor.held : {}) : resource.demands(olds);
    const key = keyOf(label, news);
    this.plan.set(key, growth(wanted, had));
    // What stays as it is asks nothing: a preview without changes costs no request.
    if (!isMade && diff(resource, inputsOf(resource, olds), news).length === 0) return [];
    this.quotas ??= this.fetchQuotas();
    const quotas = await this.quotas;
    if (quotas === undefined) return [];
    const exceeded = () => overQuotas(quotas, this.plan, key, resource.kind, news);
    const beside = exceeded();
    const mayGoFirst = beside.length > 0 && predecessor !== undefined && !predecessor.goesFirst;
    // The option deleteBeforeReplace is the program's, and no provider is told of it.
    if (mayGoFirst) this.plan.set(key, growth(wanted, predecessor.held));
    const alone = mayGoFirst ? exceeded() : beside;
    if (mayGoFirst && alone.length === 0) this.announce([noRoomBeside(label, beside)]);
    return [...overLimits(quotas, news, olds), ...alone.map(({ sentence }) => sentence)];
  }

  /** What was checked as a change is none: it goes, or stays where it is. */
  forgets(label: string, news: Properties): void {
    this.plan.delete(keyOf(label, news));
  }

  /** A successor is made, which the engine checks next. */
  replaces(resource: AnyResource, label: string, olds: Properties, goesFirst: boolean): void {
    const predecessor = { held: resource.demands?.(olds) ?? {}, goesFirst };
    this.predecessors.set(label, [...(this.predecessors.get(label) ?? []), predecessor]);
  }
}

const noRoomBeside = (label: string, exceeded: readonly Exceeded[]): string =>
  `${label}: its successor has no room beside it in ${exceeded.map(({ quota }) => quota).join(", ")}: ` +
  "unless it has the option deleteBeforeReplace: true, replacing it will fail.";
