/**
 * What the hooks of `RolloutWaves` do. The engine runs hooks in the program's own process, as functions are; `sdk/waves/` loads this
 * module with the first of them.
 */
import { type PartialSettings, resolveMetro } from "../base/config/metroConfig";
import { formatError } from "../base/errors";
import { identityIn } from "../definition/identity";
import { urnIn } from "../definition/internalKeys";
import { AUTO_NAME_KEY } from "../definition/naming";
import { migrate } from "../definition/migrate";
import type { Properties } from "../definition/resource";
import { type AnyResource, resourceOf } from "../resources/all";
import { type ProviderContext, createContext } from "../resources/context";
import { configurationOf } from "../resources/service/reload/configuration";
import { templateTag } from "../resources/service/replicaTags";
import { imageDefaultsIn } from "../resources/workload/labels/imageDefaultsOutput";
import { type PartialWorkload, withImageDefaults } from "../resources/workload/labels/imageDefaults";
import { fingerprint } from "../resources/workload/request";
import { type PassedWave, assertPassed as assertWavePassed } from "../resources/wave/passed";
import { inputsFromState, observedFromState } from "./dynamic/state";

/** Of hashes in revisions. A revision is encrypted in state if what it is made of is secret, so its hashes need no key of their own. */
const REVISION_KEY = "revision";

/** A hash of a Service's template, and of its `reloadOn` if it has one, which changes with them. */
export function revisionOf(template: Properties | undefined, reloadOn?: readonly unknown[]): string {
  if (template === undefined) return "";
  const configuration = configurationOf(reloadOn, REVISION_KEY);
  const revision = fingerprint(template as PartialWorkload);
  return configuration === undefined ? revision : `${revision}-${configuration}`;
}

/** The tag of the replicas of a Service. */
export const tagOf = (template: Properties | undefined, imageDefaults: unknown): string =>
  template === undefined
    ? ""
    : templateTag(withImageDefaults(template as PartialWorkload, imageDefaultsIn({ imageDefaults })));

/** Rejects with a sentence if services of a wave run something else than what passed. */
export async function assertPassed(wave: PassedWave, settings: PartialSettings, isPreview: boolean): Promise<void> {
  try {
    await assertWavePassed(createContext(resolveMetro({ stack: settings })), wave, isPreview);
  } catch (error) {
    throw new Error(formatError(error), { cause: error });
  }
}

/** A Service that this run has updated. */
export interface UpdatedService {
  readonly id: string;
  /** The state before the update. */
  readonly before: Properties;
  /** The state after it. */
  readonly after: Properties;
  /** Receives one progress line. */
  readonly print: (line: string) => void;
}

/** Rolls the template of a Service back to the one before its update. Returns the digest that runs now; undefined if nothing changed. */
export async function revertService(
  { id, before, after, print }: UpdatedService,
  settings: PartialSettings,
): Promise<string | undefined> {
  const resource: AnyResource = resourceOf("Service");
  const [olds, news] = [before, after].map((state) => inputsFromState(resource, migrate(resource, state)));
  const template = olds?.["template"] as Properties | undefined;
  if (
    news === undefined ||
    template === undefined ||
    revisionOf(template) === revisionOf(news["template"] as Properties)
  )
    return undefined;
  try {
    const context = contextOf(after, settings, print);
    const observed = observedFromState(resource, migrate(resource, after));
    const { digest } = await resource.update(context, id, observed, { ...news, template });
    return typeof digest === "string" && digest !== "" ? digest : String(template["image"]);
  } catch (error) {
    throw new Error(formatError(error), { cause: error });
  }
}

/** The context of an operation on a resource, as the provider process has it. */
function contextOf(state: Properties, settings: PartialSettings, print: (line: string) => void): ProviderContext {
  const context = createContext(resolveMetro({ stack: settings }));
  const identity = identityIn(state);
  const ownership = identity && { ...identity, hasDerivedName: state[AUTO_NAME_KEY] === true };
  return {
    ...context,
    printProgress: print,
    printWarning: print,
    urn: urnIn(state),
    ...(ownership === undefined ? {} : { ownership }),
  };
}
