/** A stack with one resource, as the engine and front end A keep it between them: what each `pulumi` command calls, and what stays in the state. */
import { AUTO_NAME_KEY, RESOURCE_NAME_KEY } from "../../../provider/definition/naming";
import type { Properties } from "../../../provider/definition/resource";
import { ResourceInitFailedError } from "../../../provider/definition/initFailed";
import * as dynamic from "../../../provider/pulumi/dynamic/index";
import { resourceLabel, toEngineError } from "../../../provider/pulumi/dynamic/errorReport";
import {
  inputsFromState,
  observedFromState,
  toState,
  preservedOnRefresh,
  toSerializable,
} from "../../../provider/pulumi/dynamic/state";
import { type AnyResource, type ResourceKind, resourceOf } from "../../../provider/resources/all";
import type { ProviderContext } from "../../../provider/resources/context";

const HOME = { metro: "http://faulty", provider: "" };
/** The dynamic provider decides alone what an update means; what it asks of a metro would not be asked of the history's own. */
const settings = new Map([["unikernel:metro", HOME.metro]]);
/** What a refresh keeps, by what was known and what is there. */
const kept: (known: Properties, observed: Properties) => Properties = preservedOnRefresh;

/** Runs what is done when it returns, without what it would have the engine print. */
function quietly<T>(run: () => T): T {
  const write = process.stdout.write;
  process.stdout.write = () => true;
  try {
    return run();
  } finally {
    process.stdout.write = write;
  }
}

/** A resource in the state. */
export interface Kept {
  readonly id: string;
  /** Inputs and outputs together. */
  readonly props: Properties;
  /** Its last create or update failed in part: the engine asks for an update, whatever the diff says, until one or a refresh succeeds. */
  readonly hasFailed: boolean;
}

/** What is called of the resource. */
export type Call = "create" | "read" | "update" | "delete";

/** How the stack names what it makes. */
export interface Naming {
  /** The program gives the name, so that it never changes. */
  readonly isFixed: boolean;
  next(): string;
}

/** One stack. Every command throws what the resource threw, with the state as the engine would keep it. */
export class Stack {
  readonly #kind: ResourceKind;
  readonly #resource: AnyResource;
  readonly #context: ProviderContext;
  readonly #naming: Naming;
  readonly #onCall: (call: Call, name: string) => void;
  #kept: Kept | undefined;
  /** What a successor was made for and is still to be deleted. */
  #replaced: readonly Kept[] = [];

  constructor(
    kind: ResourceKind,
    context: ProviderContext,
    naming: Naming,
    onCall: (call: Call, name: string) => void,
  ) {
    this.#kind = kind;
    this.#resource = resourceOf(kind);
    this.#context = context;
    this.#naming = naming;
    this.#onCall = onCall;
  }

  /** The id of what the program describes. */
  get id(): string | undefined {
    return this.#kept?.id;
  }

  /** Ids of all that the state knows. */
  get ids(): readonly string[] {
    return [this.#kept, ...this.#replaced].flatMap((one) => one?.id ?? []);
  }

  /** `pulumi up` with a program that says this, the name left out. */
  async up(given: Properties): Promise<void> {
    await this.#removeReplaced();
    const old = this.#kept;
    if (old === undefined) return this.#create(given);
    const news = this.#inputs(given, String(old.props["name"]));
    const provider = dynamic[this.#kind];
    await provider.configure({ config: settings });
    const { changes, replaces, deleteBeforeReplace } = await quietly(() => provider.diff(old.id, old.props, news));
    if (replaces.length > 0) return this.#replace(old, given, deleteBeforeReplace);
    // Otherwise the engine finds nothing to do.
    if (changes || old.hasFailed) await this.#update(old, news);
  }

  /** `pulumi refresh`. */
  async refresh(): Promise<void> {
    if (this.#kept === undefined) return;
    const { id, props } = this.#kept;
    this.#onCall("read", String(props["name"]));
    const observed = await this.#resource.read(this.#context, id, inputsFromState(this.#resource, props));
    if (observed === undefined) {
      this.#kept = undefined;
      return;
    }
    const outputs = { ...observed.outputs, ...kept(props, observed.outputs) };
    this.#kept = { id, props: toState(this.#resource, HOME, props, observed.inputs, outputs), hasFailed: false };
  }

  /** `pulumi destroy`. */
  async destroy(): Promise<void> {
    await this.#removeReplaced();
    if (this.#kept === undefined) return;
    await this.#remove(this.#kept);
    this.#kept = undefined;
  }

  #inputs(given: Properties, name: string): Properties {
    const checked = this.#resource.inputs.parse({ ...given, name }) as Properties;
    const chosen = this.#naming.isFixed ? {} : { [AUTO_NAME_KEY]: true };
    return toSerializable({ ...checked, ...chosen, [RESOURCE_NAME_KEY]: "it" });
  }

  /** Keeps what a partial failure reports, and throws the failure. */
  #fail(news: Properties, error: unknown): never {
    if (error instanceof ResourceInitFailedError) {
      const report = toEngineError(resourceLabel(this.#resource, news), error, (outputs) =>
        toState(this.#resource, HOME, news, inputsFromState(this.#resource, news), outputs),
      ) as Error & { readonly id: string; readonly properties: Properties };
      this.#kept = { id: report.id, props: report.properties, hasFailed: true };
    }
    throw error;
  }

  async #create(given: Properties): Promise<void> {
    const name = this.#naming.next();
    const news = this.#inputs(given, name);
    const inputs = inputsFromState(this.#resource, news);
    this.#onCall("create", name);
    try {
      const { id, outputs } = await this.#resource.create(this.#context, inputs);
      this.#kept = { id, props: toState(this.#resource, HOME, news, inputs, outputs), hasFailed: false };
    } catch (error) {
      this.#fail(news, error);
    }
  }

  async #update({ id, props }: Kept, news: Properties): Promise<void> {
    const inputs = inputsFromState(this.#resource, news);
    this.#onCall("update", String(news["name"]));
    try {
      const outputs = await this.#resource.update(this.#context, id, observedFromState(this.#resource, props), inputs);
      this.#kept = { id, props: toState(this.#resource, HOME, news, inputs, outputs), hasFailed: false };
    } catch (error) {
      this.#fail(news, error);
    }
  }

  async #replace(old: Kept, given: Properties, deletesFirst: boolean): Promise<void> {
    if (deletesFirst) {
      await this.#remove(old);
      this.#kept = undefined;
      return this.#create(given);
    }
    try {
      await this.#create(given);
    } finally {
      if (this.#kept !== old) this.#replaced = [...this.#replaced, old];
    }
    await this.#removeReplaced();
  }

  async #removeReplaced(): Promise<void> {
    for (const one of this.#replaced) {
      await this.#remove(one);
      this.#replaced = this.#replaced.filter((other) => other !== one);
    }
  }

  async #remove({ id, props }: Kept): Promise<void> {
    this.#onCall("delete", String(props["name"]));
    await this.#resource.delete(this.#context, id, observedFromState(this.#resource, props));
  }
}
