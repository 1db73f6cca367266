/** A stack with one resource, as the engine and the dynamic provider keep it: the calls of each `pulumi` command and the resulting state. */
import { RESOURCE_NAME_KEY } from "../../../provider/definition/internalKeys";
import { AUTO_NAME_KEY } from "../../../provider/definition/naming";
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
/** The effect of an update is decided without requests; with these settings none could reach the history's metro. */
const settings = new Map([["unikernel:metro", HOME.metro]]);
/** The state after a refresh, from the previous state and what exists. */
const kept: (known: Properties, observed: Properties) => Properties = preservedOnRefresh;

/** Runs the action and returns its result without the text for the engine to print. */
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
  /** Its last create or update failed in part: the engine plans an update, whatever the diff says, until one or a refresh succeeds. */
  readonly hasFailed: boolean;
}

/** The resource's functions. */
export type Call = "create" | "read" | "update" | "delete";

/** How the stack names objects. */
export interface Naming {
  /** The program gives the name, which never changes. */
  readonly isFixed: boolean;
  next(): string;
}

/** One stack. Every command throws the resource's error, with the state that the engine would keep. */
export class Stack {
  readonly #kind: ResourceKind;
  readonly #resource: AnyResource;
  readonly #context: ProviderContext;
  readonly #naming: Naming;
  readonly #onCall: (call: Call, name: string) => void;
  #kept: Kept | undefined;
  /** A replaced object that is still to be deleted. */
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

  /** The id of the program's object. */
  get id(): string | undefined {
    return this.#kept?.id;
  }

  /** All ids in the state. */
  get ids(): readonly string[] {
    return [this.#kept, ...this.#replaced].flatMap((one) => one?.id ?? []);
  }

  /** `pulumi up` with a program that has these inputs and no name. */
  async up(given: Properties): Promise<void> {
    await this.#removeReplaced();
    const old = this.#kept;
    if (old === undefined) return this.#create(given);
    const news = this.#inputs(given, String(old.props["name"]));
    const provider = dynamic[this.#kind];
    await provider.configure({ config: settings });
    const { changes, replaces, deleteBeforeReplace } = await quietly(() => provider.diff(old.id, old.props, news));
    if (replaces.length > 0) return this.#replace(old, given, deleteBeforeReplace);
    // Otherwise the engine has nothing to do.
    if (changes || old.hasFailed) await this.#update(old, news);
  }

  /** `pulumi refresh`. */
  async refresh(): Promise<void> {
    if (this.#kept === undefined) return;
    const { id, props } = this.#kept;
    this.#onCall("read", String(props["name"]));
    const observed = await this.#resource.read(this.#context, id, inputsFromState(this.#resource, props), props);
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

  /** Saves what a partial failure reports, and throws the failure. */
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
