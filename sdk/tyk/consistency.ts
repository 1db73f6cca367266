/** Tyk settings that exclude or need each other: the gateway ignores one of them without a word. */
import type { TykArgs, TykRedisArgs } from "./args";
import { settingError } from "./checks";

/** Throws a `RunError` for settings of which one has no effect. */
export function assertConsistent(args: TykArgs): void {
  assertRedis(args.redis);
  if (args.controlPlane === undefined) assertWithoutControlPlane(args);
  else assertWithControlPlane(args);
}

/** Sources: redis/go-redis, `universal.go` (`Simple`, `Cluster`) and `redis.go` (`initConn`). */
function assertRedis({ host, port, addresses, username, password, database = 0, cluster = false }: TykRedisArgs): void {
  if ((host === undefined) === (addresses === undefined))
    throw settingError("redis", "set either 'host' or 'addresses'.");
  if (addresses?.length === 0) throw settingError("redis.addresses", "must not be empty.");
  if (addresses !== undefined && port !== undefined)
    throw settingError("redis.port", "has no effect with 'addresses'; write each of them as 'host:port'.");
  if (addresses !== undefined && addresses.length > 1 && !cluster)
    throw settingError("redis.addresses", "needs 'cluster: true': the gateway otherwise uses the first one alone.");
  if (cluster && database !== 0)
    throw settingError("redis.database", "must be 0 with 'cluster': a Redis cluster has no other database.");
  if (username !== undefined && password === undefined)
    throw settingError("redis.username", "has no effect without 'password'.");
}

/** Source: TykTechnologies/tyk, `gateway/server.go` (`syncAPISpecs`), `gateway/api_definition.go` (`FromDir`). */
function assertWithoutControlPlane({ analytics = false, tags = [] }: TykArgs): void {
  if (analytics) throw settingError("analytics", "needs a control plane, to which MDCB sends them.");
  if (tags.length > 0) throw settingError("tags", "need a control plane: from 'appPath' the gateway loads every API.");
}

function assertWithControlPlane({ appPath, policyFile, controlPlane }: TykArgs): void {
  if (appPath !== undefined)
    throw settingError("appPath", "has no effect with a control plane, which provides the APIs.");
  if (policyFile !== undefined)
    throw settingError("policyFile", "has no effect with a control plane, which provides the policies.");
  if (controlPlane?.useSsl === false && controlPlane.insecureSkipVerify === true)
    throw settingError("controlPlane.insecureSkipVerify", "has no effect without TLS ('useSsl: false').");
}
