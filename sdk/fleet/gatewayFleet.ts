/** Gateways in one or several metros, with their image and their Redis. */
import * as pulumi from "@pulumi/pulumi";
import { GatewayImage } from "../gatewayImage";
import { failFor } from "../registration/argumentError";
// Two statements: TypeScript 3.8, which Pulumi bundles, reads these declarations.
import type { ServiceArgs } from "../service";
import { Service } from "../service";
import { mergeArgs } from "../waves/merge";
import { RolloutWaves } from "../waves/rolloutWaves";
import type { FleetMetroArgs, FleetRedisArgs, FleetVariables, GatewayFleetArgs } from "./args";
import { checkFleet } from "./checks";
import { createRedis, loginOf } from "./redis";

const TYPE = "unikernel:index:GatewayFleet";

const [DEFAULT_REPLICAS, DEFAULT_GATEWAY_PORT, DEFAULT_REDIS_PORT] = [2, 8080, 6379];

/** Name of the metro of a fleet that was given none, in `urls` and `digests`. */
const ONLY_METRO = "default";

const orElse = <T>(value: T | undefined, otherwise: T): T => (value === undefined ? otherwise : value);

/**
 * Gateways behind a service in each metro, updated one metro after the other.
 *
 * ```ts
 * const fleet = new unikernel.GatewayFleet("gateway", {
 *   image: image.ref,
 *   replicas: 3,
 *   redis: { image: "redis:7.2", password: config.requireSecret("redisPassword"), sizeMb: 256 },
 *   secrets: { API_KEY: config.requireSecret("apiKey") },
 *   health: { path: "/ready" },
 *   metros: [{ name: "fra", provider: fra, replicas: 1 }, { name: "was", provider: was }],
 * });
 * export const urls = fleet.urls;
 * ```
 */
export class GatewayFleet extends pulumi.ComponentResource {
  /** URL of the first metro's service. */
  readonly url: pulumi.Output<string>;
  /** URL of the service by name of the metro; `default` where none is named. */
  readonly urls: pulumi.Output<{ readonly [metro: string]: string }>;
  /** Digest of the image that the gateways run, by name of the metro. */
  readonly digests: pulumi.Output<{ readonly [metro: string]: string }>;
  /** The services, in the order of the metros. */
  readonly services: readonly Service[];
  /** The image, if the fleet builds it. */
  readonly image: GatewayImage | undefined;

  /**
   * Creates the image, Redis and the services of all metros.
   *
   * Throws a `RunError` with `INPUT_INVALID` for arguments that contradict one another.
   *
   * @param name resource name; the resources of a metro are named `<name>-<metro>`, `<name>-redis-<metro>` and `<name>-redis-<metro>-data`
   * @param args the gateways
   * @param opts Pulumi's resource options
   */
  constructor(name: string, args: GatewayFleetArgs, opts?: pulumi.ComponentResourceOptions) {
    checkFleet(name, args, opts);
    super(TYPE, name, {}, opts);
    this.image = args.build === undefined ? undefined : new GatewayImage(name, args.build, { parent: this });
    const metros = orElse<readonly FleetMetroArgs[]>(args.metros, [{ name: ONLY_METRO }]);
    this.services =
      args.metros === undefined
        ? [new Service(name, this.serviceArgs(name, args, { name: "" }, {}), { parent: this })]
        : this.createWaves(name, args, args.metros);
    const byMetro = (values: readonly pulumi.Output<string>[]): pulumi.Output<{ readonly [metro: string]: string }> =>
      pulumi.all(
        values.reduce<{ [metro: string]: pulumi.Output<string> }>((all, value, index) => {
          const metro = metros[index];
          return metro === undefined ? all : { ...all, [metro.name]: value };
        }, {}),
      );
    this.urls = byMetro(this.services.map(({ url }) => url));
    this.digests = byMetro(this.services.map(({ digest }) => digest));
    this.url = this.urls.apply((urls) => orElse(urls[metros[0] === undefined ? "" : metros[0].name], ""));
    this.registerOutputs({ url: this.url, urls: this.urls, digests: this.digests });
  }

  private createWaves(name: string, args: GatewayFleetArgs, metros: readonly FleetMetroArgs[]): readonly Service[] {
    const { bakeTimeMs, onFailure } = args;
    const { waves } = new RolloutWaves(
      name,
      {
        waves: metros.map((metro) => ({ name: metro.name, provider: metro.provider })),
        service: (wave, opts) => {
          const metro = metros.filter((one) => one.name === wave.name)[0] || { name: wave.name };
          return new Service(`${name}-${wave.name}`, this.serviceArgs(name, args, metro, opts), opts);
        },
        bakeTimeMs,
        onFailure,
      },
      { parent: this },
    );
    return waves.reduce<readonly Service[]>((all, { services }) => [...all, ...services], []);
  }

  /** @param wave options of the metro's resources, with the order of its wave */
  private serviceArgs(
    name: string,
    args: GatewayFleetArgs,
    metro: FleetMetroArgs,
    wave: pulumi.CustomResourceOptions,
  ): ServiceArgs {
    const { image = this.image, memoryMb, domains, health, env = {}, secrets = {}, service = {} } = args;
    const port = orElse(args.gatewayPort, DEFAULT_GATEWAY_PORT);
    const redis = args.redis === undefined ? {} : this.redisVariables(name, args.redis, metro, wave);
    const common = {
      ports: orElse(args.ports, [{ port: 443, destinationPort: port, handlers: ["tls" as const, "http" as const] }]),
      domains,
      replicas: orElse(metro.replicas, orElse(args.replicas, DEFAULT_REPLICAS)),
      template: { image, memoryMb, env: { ...redis, ...env, ...asSecrets(secrets) } },
      ...(health === undefined ? {} : { rollout: { gate: health } }),
    };
    // `image` is one of the two that the check demands.
    return mergeArgs(common as unknown as ServiceArgs, service, failFor(`GatewayFleet '${name}'`));
  }

  /** What tells the gateways of a metro where Redis is. Creates the metro's own. */
  private redisVariables(
    name: string,
    args: FleetRedisArgs,
    metro: FleetMetroArgs,
    { dependsOn }: pulumi.CustomResourceOptions,
  ): FleetVariables {
    const { image, port = DEFAULT_REDIS_PORT } = args;
    const opts: pulumi.CustomResourceOptions = {
      parent: this,
      ...(metro.provider === undefined ? {} : { provider: metro.provider }),
      ...(dependsOn === undefined ? {} : { dependsOn }),
    };
    const suffix = metro.name === "" ? "" : `-${metro.name}`;
    const host =
      image === undefined ? args.host : createRedis(`${name}-redis${suffix}`, { ...args, image }, opts).privateFqdn;
    return { REDIS_HOST: orElse(host, ""), REDIS_PORT: pulumi.output(port).apply(String), ...loginOf(args) };
  }
}

const asSecrets = (variables: FleetVariables): FleetVariables =>
  Object.keys(variables).reduce<{ [name: string]: pulumi.Input<string> }>((all, name) => {
    const value = variables[name];
    return value === undefined ? all : { ...all, [name]: pulumi.secret(value) };
  }, {});
