/** The Redis of a metro of a fleet. */
import * as pulumi from "@pulumi/pulumi";
import { Instance } from "../instance";
import { Volume } from "../volume";
import type { FleetRedisArgs, FleetVariables } from "./args";

const DEFAULT_MEMORY_MB = 256;
/** Where the official images of Redis, and those made from them, keep their data. */
const DATA_FOLDER = "/data";

/** The variable with the password, for Redis and for the gateways; none without a password. */
export const loginOf = ({ password }: FleetRedisArgs): FleetVariables =>
  password === undefined ? {} : { REDIS_PASSWORD: pulumi.secret(password) };

/** Those of a Redis that each metro runs. */
type OwnRedisArgs = FleetRedisArgs & { readonly image: NonNullable<FleetRedisArgs["image"]> };

/**
 * Creates the instance, and the volume for its data if it has one.
 *
 * @param name resource name of the instance
 * @param opts options of both; it changes with its metro's wave, because with a new password it would turn away gateways that wait for theirs
 */
export function createRedis(name: string, args: OwnRedisArgs, opts: pulumi.CustomResourceOptions): Instance {
  const { image, memoryMb = DEFAULT_MEMORY_MB, sizeMb } = args;
  const volumes =
    sizeMb === undefined
      ? {}
      : { volumes: [{ volume: new Volume(`${name}-data`, { sizeMb, allowRestart: true }, opts).id, at: DATA_FOLDER }] };
  return new Instance(name, { image, memoryMb, env: loginOf(args), restartPolicy: "always", ...volumes }, opts);
}
