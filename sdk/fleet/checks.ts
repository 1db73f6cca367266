/** What can be wrong with the arguments of GatewayFleet, found where the program creates it. */
import { type Fail, failFor } from "../registration/argumentError";
import { checkNames } from "../waves/checks";
import type { GatewayFleetArgs } from "./args";

/** Variables that `redis` sets. */
const REDIS_VARIABLES = ["REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD"];

/** Throws a `RunError` with `INPUT_INVALID` for arguments that contradict one another. */
export function checkFleet(name: string, args: GatewayFleetArgs): void {
  const fail: Fail = failFor(`GatewayFleet '${name}'`);
  const { image, build, ports, gatewayPort, redis, env = {}, secrets = {}, metros, bakeTimeMs, onFailure } = args;
  if (image === undefined && build === undefined) fail("image: required, unless build says how to build it.");
  if (image !== undefined && build !== undefined) fail("build: has no effect beside image; give one of them.");
  if (ports !== undefined && gatewayPort !== undefined)
    fail("gatewayPort: has no effect beside ports; give it to each of them as destinationPort.");
  if (redis !== undefined) {
    if ((redis.host === undefined) === (redis.image === undefined))
      fail("redis: give host for a Redis that exists, or image for one in each metro.");
    if (redis.host !== undefined && redis.memoryMb !== undefined)
      fail("redis.memoryMb: has no effect on a Redis that exists; remove it.");
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
  checkNames(metros, { property: "metros", fail });
}
