/**
 * The configuration file of a Tyk gateway: what is the same in every data plane and no secret. A gateway whose file is missing tries to
 * write one, which a read-only root file system does not allow.
 *
 * Source of the keys: TykTechnologies/tyk, `config/config.go`, and the Tyk documentation, "Tyk Gateway configuration options".
 */
import type { TykArgs } from "./args";
import { isAtLeast } from "./checks";

/** Defaults of {@link TykArgs}. */
export const DEFAULTS = {
  listenPort: 8080,
  configPath: "/etc/tyk.conf",
  templatePath: "/tyk/templates",
  appPath: "/opt/tyk-gateway/apps",
  middlewarePath: "/opt/tyk-gateway/middleware",
  hashKeyFunction: "murmur64",
} as const;

/**
 * Connections that the gateway keeps or opens, in place of Tyk's thousands: a unikernel has 1024 file descriptors for clients,
 * upstreams and Redis together.
 */
const CONNECTIONS = { redisIdle: 100, redisActive: 250, idlePerUpstream: 100 };

/**
 * How often the gateway checks Redis and MDCB for `/hello`, in nanoseconds, as the file has durations. Until the first check it
 * reports no details; Tyk's default of 10 s would delay each new replica by that.
 */
const CHECK_INTERVAL_NS = 2_000_000_000;

/** Older gateways may read the number as seconds, and would never check; they keep their default. */
const NANOSECONDS_SINCE = [5, 7, 0] as const;

/** Policies and keys come from MDCB. Tyk calls the pair in `auth_override` "RPC mode". */
const controlled = ({ controlPlane, analytics = false }: TykArgs): object =>
  controlPlane === undefined
    ? {}
    : {
        slave_options: {
          use_rpc: true,
          use_ssl: controlPlane.useSsl ?? true,
          ssl_insecure_skip_verify: controlPlane.insecureSkipVerify ?? false,
          enable_rpc_cache: true,
          bind_to_slugs: false,
          synchroniser_enabled: true,
        },
        auth_override: { force_auth_provider: true, auth_provider: { storage_engine: "rpc" } },
        ...(analytics ? { analytics_config: { type: "rpc" } } : {}),
      };

function policies({ controlPlane, policyFile }: TykArgs): object {
  if (controlPlane !== undefined) return { policy_source: "rpc", policy_record_name: "tyk_policies" };
  return { policy_source: "file", ...(policyFile === undefined ? {} : { policy_record_name: policyFile }) };
}

/** The text of the file. */
export function configText(args: TykArgs): string {
  const { redis, tags = [] } = args;
  const config = {
    listen_port: args.listenPort ?? DEFAULTS.listenPort,
    template_path: args.templatePath ?? DEFAULTS.templatePath,
    app_path: args.appPath ?? DEFAULTS.appPath,
    middleware_path: args.middlewarePath ?? DEFAULTS.middlewarePath,
    use_db_app_configs: false,
    ...(tags.length === 0 ? {} : { db_app_conf_options: { node_is_segmented: true, tags } }),
    storage: {
      type: "redis",
      ...(redis.addresses === undefined ? { port: redis.port ?? 6379 } : {}),
      ...(redis.username === undefined ? {} : { username: redis.username }),
      database: redis.database ?? 0,
      use_ssl: redis.useSsl ?? false,
      enable_cluster: redis.cluster ?? false,
      optimisation_max_idle: CONNECTIONS.redisIdle,
      optimisation_max_active: CONNECTIONS.redisActive,
    },
    policies: policies(args),
    hash_keys: true,
    hash_key_function: args.hashKeyFunction ?? DEFAULTS.hashKeyFunction,
    enable_analytics: args.analytics ?? false,
    max_idle_connections_per_host: CONNECTIONS.idlePerUpstream,
    ...(isAtLeast(args.version, NANOSECONDS_SINCE) ? { liveness_check: { check_duration: CHECK_INTERVAL_NS } } : {}),
    ...controlled(args),
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
