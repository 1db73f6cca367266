/** What can be wrong with the arguments of GatewayFleet, found where the program creates it. */
import type * as pulumi from "@pulumi/pulumi";
import { type Fail, failFor } from "../registration/argumentError";
import { checkNames, listAt } from "../registration/argumentShapes";
import { checkEntryNames, checkProviders } from "../waves/checks";
import type { GatewayFleetArgs } from "./args";

const MEMBERS = [
  ...["image", "build", "replicas", "memoryMb", "gatewayPort", "ports", "domains", "redis", "env", "secrets", "health"],
  ...["metros", "bakeTimeMs", "onFailure", "service"],
];
const REDIS = ["host", "image", "memoryMb", "sizeMb", "port", "password"];
const METRO = ["name", "provider", "replicas"];

/** Members of `service` that the fleet has itself. */
const OWN = ["ports", "domains", "replicas"] as const;

/** Variables that `redis` sets. */
const REDIS_VARIABLES = ["REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD"];

/** Throws a `RunError` with `INPUT_INVALID` for arguments that contradict one another. */
export function checkFleet(name: string, args: GatewayFleetArgs, opts?: pulumi.ComponentResourceOptions): void {
  const fail: Fail = failFor(`GatewayFleet '${name}'`);
  checkShape(args, fail);
  checkProviders(opts, fail, "entry of metros");
  const { image, build, ports, gatewayPort, redis, env = {}, secrets = {}, metros, bakeTimeMs, onFailure } = args;
  if (image === undefined && build === undefined) fail("image: required, unless build says how to build it.");
  if (image !== undefined && build !== undefined) fail("build: has no effect beside image; give one of them.");
  if (ports !== undefined && gatewayPort !== undefined)
    fail("gatewayPort: has no effect beside ports; give it to each of them as destinationPort.");
  checkService(args, fail);
  if (redis !== undefined) {
    if ((redis.host === undefined) === (redis.image === undefined))
      fail("redis: give host for a Redis that exists, or image for one in each metro.");
    for (const one of ["memoryMb", "sizeMb"] as const)
      if (redis.host !== undefined && redis[one] !== undefined)
        fail(`redis.${one}: has no effect on a Redis that exists; remove it.`);
    const set = REDIS_VARIABLES.filter((one) => one in env || one in secrets);
    if (set.length > 0)
      fail(`env: redis already sets ${set.join(", ")}; remove it from env and secrets, or remove redis.`);
  }
  const twice = Object.keys(secrets).filter((one) => one in env);
  if (twice.length > 0) fail(`secrets: env already has ${twice.join(", ")}; give each variable once.`);
  if (metros === undefined) {
    if (bakeTimeMs !== undefined) fail("bakeTimeMs: has no effect without metros; remove it.");
    if (onFailure !== undefined) fail("onFailure: has no effect without metros; use service.rollout.onFailure.");
    return;
  }
  if (metros.length === 0) fail("metros: at least one metro is needed; leave it out for that of the provider.");
  checkEntryNames(metros, { property: "metros", fail });
}

function checkShape(args: GatewayFleetArgs, fail: Fail): void {
  checkNames(args, "", MEMBERS, fail);
  if (args.redis !== undefined) checkNames(args.redis, "redis", REDIS, fail);
  if (args.metros !== undefined)
    listAt(args.metros, "metros", fail).forEach((metro, index) => checkNames(metro, `metros[${index}]`, METRO, fail));
}

/** What `service` replaces must not be given elsewhere too. */
function checkService({ service = {}, metros = [], ...args }: GatewayFleetArgs, fail: Fail): void {
  for (const one of OWN)
    if (service[one] !== undefined && args[one] !== undefined)
      fail(`service.${one}: replaces ${one}; give one of them.`);
  const index = metros.findIndex(({ replicas }) => replicas !== undefined);
  if (service.replicas !== undefined && index >= 0)
    fail(`service.replicas: replaces metros[${index}].replicas; give one of them.`);
}
