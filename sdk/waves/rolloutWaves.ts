/** A rollout over several metros or services, one wave after the other. */
import * as pulumi from "@pulumi/pulumi";
import { RolloutWave } from "../rolloutWave";
import { Service } from "../service";
import type { RolloutWavesArgs, WaveArgs } from "./args";
import { checkServices, checkWaves, failOfWave, nameOf, providerOf } from "./checks";
import { type EarlierWave, hooksOf } from "./hooks";
import { mergeArgs } from "./merge";
import { toPromise } from "../invoke";
import { loadWaves } from "./provider";

const TYPE = "unikernel:index:RolloutWaves";

/** Default of `bakeTimeMs`, in the messages of the wave after. The provider has the same. */
const DEFAULT_BAKE_MS = 60_000;

/** Number of components by name, which may be the same under different parents. */
const countByName = new Map<string, number>();

/** A name for hooks that no other component of the program has. */
function hookPrefix(name: string): string {
  const count = (countByName.get(name) || 0) + 1;
  countByName.set(name, count);
  return `${TYPE}-${name}${count === 1 ? "" : `-${count}`}`;
}

/** The services of a wave. */
export interface Wave {
  readonly name: string;
  readonly services: readonly Service[];
  /** Ends the wave: what depends on it comes after the wave has passed. */
  readonly passed: RolloutWave;
}

/**
 * Rolls several metros or services out in sequence. Each wave updates its services, bakes, and must pass its gate; only then the next one
 * begins. The first failure ends the update.
 *
 * ```ts
 * const roll = new unikernel.RolloutWaves("gateway", {
 *   waves: [{ name: "canary", provider: fra, service: { replicas: 1 } }, { name: "eu", provider: ams }, { name: "us", provider: was }],
 *   service: { ports: [{ port: 443, destinationPort: 8080, handlers: ["tls", "http"] }], replicas: 4, template: { image: image.ref } },
 *   bakeTimeMs: 600_000,
 *   gate: { path: "/status", intervalMs: 5_000 },
 *   onFailure: "rollback",
 * });
 * ```
 */
export class RolloutWaves extends pulumi.ComponentResource {
  /** The waves in order, with their services. */
  readonly waves: readonly Wave[];

  /**
   * Creates the services of all waves, and what orders them.
   *
   * Throws a `RunError` with `INPUT_INVALID` for waves that cannot be in sequence.
   *
   * @param name resource name; the resources of a wave are named `<name>-<wave>`
   * @param args waves, and the service of each
   * @param opts Pulumi's resource options
   */
  constructor(name: string, args: RolloutWavesArgs, opts?: pulumi.ComponentResourceOptions) {
    checkWaves(name, args, opts);
    super(TYPE, name, {}, opts);
    const prefix = hookPrefix(name);
    const waves: Wave[] = [];
    const earlier: EarlierWave[] = [];
    const sequence = args.waves.map((wave) => ({ name: wave.name, bakeTimeMs: bakeTimeOf(wave, args) }));
    for (const wave of args.waves) {
      const provider = wave.provider || providerOf(this);
      const hooked = { component: this, wave: wave.name, provider, earlier: earlier.slice() };
      const hooks = hooksOf({ ...hooked, hookName: `${prefix}-${wave.name}`, onFailure: args.onFailure || "stop" });
      const before = waves[waves.length - 1];
      const common: pulumi.CustomResourceOptions = {
        parent: this,
        ...(wave.provider === undefined ? {} : { provider: wave.provider }),
        ...(before === undefined ? {} : { dependsOn: [before.passed] }),
      };
      const services = this.createServices(name, args, wave, { ...common, hooks: hooks.ofServices });
      checkServices(this, name, { wave, services, earlier: allServices(waves) });
      const passed = new RolloutWave(
        `${name}-${wave.name}`,
        {
          name: wave.name,
          ...inputsOf(wave.name, services),
          bakeTimeMs: bakeTimeOf(wave, args),
          gate: wave.gate === undefined ? args.gate : wave.gate,
          sequence,
        },
        { ...common, dependsOn: [...(before === undefined ? [] : [before.passed]), ...services], hooks: hooks.ofWave },
      );
      waves.push({ name: wave.name, services, passed });
      earlier.push({ resource: passed, changed: hooks.changed });
    }
    this.waves = waves;
    this.registerOutputs({});
  }

  private createServices(
    name: string,
    { service }: RolloutWavesArgs,
    wave: WaveArgs,
    opts: pulumi.CustomResourceOptions,
  ): readonly Service[] {
    if (typeof service !== "function")
      return [
        new Service(`${name}-${wave.name}`, mergeArgs(service, wave.service || {}, failOfWave(name, wave)), opts),
      ];
    const created = service(wave, opts);
    return Array.isArray(created) ? (created as readonly Service[]) : [created as Service];
  }
}

const bakeTimeOf = (wave: WaveArgs, args: RolloutWavesArgs): pulumi.Input<number> =>
  wave.bakeTimeMs !== undefined ? wave.bakeTimeMs : args.bakeTimeMs !== undefined ? args.bakeTimeMs : DEFAULT_BAKE_MS;

const allServices = (waves: readonly Wave[]): readonly Service[] =>
  waves.reduce<readonly Service[]>((all, { services }) => [...all, ...services], []);

/** What a RolloutWave needs of its services: what they run, and where they are asked. */
function inputsOf(wave: string, services: readonly Service[]) {
  const named = services.map((service, index) => ({ name: nameOf(service, `${wave}-${index}`), service }));
  return {
    services: named.map(({ name, service }) => ({ name, uuid: service.id, revision: revisionOf(wave, name, service) })),
    tags: fromEntries(named.map(({ name, service }) => [name, tagOf(service)])),
    ports: fromEntries(named.map(({ name, service }) => [name, service.ports])),
  };
}

const fromEntries = <T>(entries: readonly (readonly [string, T])[]): { [name: string]: T } =>
  entries.reduce<{ [name: string]: T }>((all, [name, value]) => ({ ...all, [name]: value }), {});

/** A hash tells nothing of a secret template; the tags of the replicas have it too. */
const revisionOf = (wave: string, name: string, { template, reloadOn }: Service): pulumi.Output<string> =>
  pulumi.unsecret(
    pulumi.output(template).apply(async (known) => {
      if (known === undefined)
        throw new pulumi.RunError(
          `INPUT_INVALID: wave '${wave}': service '${name}' has no template, so nothing tells when it changes.`,
        );
      // In a preview, what a service does not have counts as not known yet, and would make the revision unknown.
      const configuration = await toPromise(reloadOn).catch(() => undefined);
      return loadWaves().revisionOf(known, configuration);
    }),
  );

const tagOf = ({ template, imageDefaults }: Service): pulumi.Output<string> =>
  pulumi.unsecret(
    pulumi.all([template, imageDefaults]).apply(([known, defaults]) => loadWaves().tagOf(known, defaults)),
  );
