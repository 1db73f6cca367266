/** What can be wrong with the arguments of RolloutWaves, found where the program creates them. */
import type * as pulumi from "@pulumi/pulumi";
// Two statements: TypeScript 3.8, which Pulumi bundles, reads these declarations.
import type { Fail } from "../registration/argumentError";
import { failFor } from "../registration/argumentError";
import { Provider } from "../provider";
import { Service } from "../service";
import type { RolloutWavesArgs, WaveArgs } from "./args";

/** Members of Pulumi's resources that its types do not declare. */
interface ResourceInternals {
  readonly __parentResource?: pulumi.Resource;
  readonly __name?: string;
}

/** Type of dynamic resources, whose provider is asked for. */
const DYNAMIC_TYPE = "pulumi-nodejs:dynamic:Resource";

/** The provider that a resource, or a child of a component, has; `undefined` for the stack's settings. */
export const providerOf = (resource: pulumi.Resource): pulumi.ProviderResource | undefined =>
  resource.getProvider(DYNAMIC_TYPE) as pulumi.ProviderResource | undefined;

/**
 * Throws a `RunError` if a component is given several of this package's providers: they are of one kind, so that the last one would count
 * for all of its resources.
 */
export function checkProviders(opts: pulumi.ComponentResourceOptions | undefined, fail: Fail, place: string): void {
  const given = opts === undefined ? undefined : opts.providers;
  if (Array.isArray(given) && given.filter((one) => one instanceof Provider).length > 1)
    fail(`providers: only one can be inherited; give each ${place} its own provider.`);
}

/** The Pulumi name of a resource. */
export const nameOf = (resource: pulumi.Resource, otherwise: string): string =>
  (resource as ResourceInternals).__name || otherwise;

/** Throws a `RunError` for waves that cannot be in sequence. */
export function checkWaves(
  name: string,
  { waves, service, onFailure }: RolloutWavesArgs,
  opts?: pulumi.ComponentResourceOptions,
): void {
  const fail = failFor(`RolloutWaves '${name}'`);
  if (!Array.isArray(waves) || waves.length === 0) fail("waves: at least one wave is needed.");
  checkProviders(opts, fail, "wave");
  checkEntryNames(waves, { property: "waves", fail });
  waves.forEach((wave, index) => {
    if (typeof service === "function" && wave.service !== undefined)
      fail(`waves[${index}].service: has no effect with a function as service; let the function apply it.`);
  });
  if (service === undefined) fail("service: required: the service of each wave, or a function that creates it.");
  if (onFailure !== undefined && onFailure !== "stop" && onFailure !== "rollback")
    fail(`onFailure: must be "stop" or "rollback", got ${JSON.stringify(onFailure)}.`);
}

/** Throws a `RunError` for entries of a list, of waves or of metros, after which no resources can be named. */
export function checkEntryNames(
  entries: readonly { readonly name: string }[],
  { property, fail }: { readonly property: "waves" | "metros"; readonly fail: Fail },
): void {
  entries.forEach(({ name }, index) => {
    if (typeof name !== "string" || !/^[A-Za-z0-9][-\w.]{0,62}$/.test(name))
      fail(
        `${property}[${index}].name: must be 1 to 63 letters, digits, dots, dashes and underscores, because resources are named after it.`,
      );
    if (entries.findIndex((other) => other.name === name) !== index)
      fail(`${property}[${index}].name: two ${property} are named '${name}'; give each its own name.`);
  });
}

/** Throws the errors of one wave's arguments. */
export const failOfWave = (name: string, wave: WaveArgs): Fail =>
  failFor(`RolloutWaves '${name}': wave '${wave.name}'`);

/** Throws a `RunError` for services that a wave cannot control: used twice, in another metro, or created without its options. */
export function checkServices(
  component: pulumi.ComponentResource,
  name: string,
  { wave, services, earlier }: { wave: WaveArgs; services: readonly Service[]; earlier: readonly Service[] },
): void {
  const fail = failOfWave(name, wave);
  if (services.length === 0) fail("the function created no service.");
  services.forEach((service, index) => {
    if (!Service.isInstance(service)) fail("the function must return a Service, or a list of them.");
    const label = `service '${nameOf(service, wave.name)}'`;
    if (services.indexOf(service) !== index || earlier.indexOf(service) >= 0)
      fail(`${label} is in two waves; create one for each wave.`);
    const { __parentResource: parent } = service as ResourceInternals;
    if (parent !== component)
      fail(`${label} was created without the options that the function got; pass them on, as new Service(…, opts).`);
    if (providerOf(service) !== (wave.provider || providerOf(component)))
      fail(`${label} has another provider than its wave; set the provider of the wave.`);
  });
}
