/** The configuration of the gateways: a file and variables, and where what they read and write is in their file system. */
import * as crypto from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import type { TykRedisArgs } from "../../tyk/args";
import { tyk } from "../../tyk/tyk";
import type { KubernetesVariables } from "./args";
import type { GatewayPlan } from "./plan";

/** Port for clients. */
export const GATEWAY_PORT = 8080;
/** Port of the gateway's own API, probes included, which no Ingress leads to. */
export const CONTROL_PORT = 9696;

/** Name and folder of each volume that the gateways share. Source of the folders: the Tyk charts 5.3.0. */
export const SHARED_FOLDERS = {
  apps: "/mnt/tyk-gateway/apps",
  policies: "/mnt/tyk-gateway/policies",
  middleware: "/mnt/tyk-gateway/middleware",
} as const;

/** A volume that the gateways share. */
export type SharedFolder = keyof typeof SHARED_FOLDERS;

/** Folder of the shared folders. */
export const PARENT_FOLDER = "/mnt/tyk-gateway";
/** Folder for what one gateway writes for itself. */
export const TEMPORARY_FOLDER = "/tmp";
/** Folder of the configuration file. */
export const CONFIG_FOLDER = "/etc/tyk-gateway";
/** Name of the configuration file. */
export const CONFIG_FILE = "tyk.conf";

/** Folder of the error templates in Tyk's image. */
const TEMPLATE_FOLDER = "/opt/tyk-gateway/templates";

/** The configuration of the gateways. */
export interface GatewayConfiguration {
  /** Text of the configuration file. */
  readonly file: string;
  /** Variables for the Deployment. */
  readonly env: KubernetesVariables;
  /** Variables for the Secret. */
  readonly secrets: KubernetesVariables;
  /** Changes with the file. */
  readonly checksum: string;
}

/**
 * The configuration for a plan. Throws a `RunError` for settings that {@link tyk} rejects; outputs are checked as soon as they are known.
 *
 * @param redis where Redis is
 */
export function configureGateway(plan: GatewayPlan, redis: TykRedisArgs): GatewayConfiguration {
  const isManaged = plan.tyk.controlPlane !== undefined;
  const configPath = `${CONFIG_FOLDER}/${CONFIG_FILE}`;
  const { files, env } = tyk({
    ...plan.tyk,
    redis,
    listenPort: GATEWAY_PORT,
    configPath,
    templatePath: TEMPLATE_FOLDER,
    middlewarePath: SHARED_FOLDERS.middleware,
    ...(isManaged ? {} : { appPath: SHARED_FOLDERS.apps }),
  });
  const file = files[configPath] ?? "";
  return {
    file,
    env: {
      TYK_GW_CONTROLAPIPORT: String(CONTROL_PORT),
      TYK_GW_PIDFILELOCATION: `${TEMPORARY_FOLDER}/tyk.pid`,
      ...(isManaged ? {} : { TYK_GW_POLICIES_POLICYPATH: SHARED_FOLDERS.policies }),
      ...plan.env,
    },
    secrets: { ...(env as Readonly<Record<string, pulumi.Input<string>>>), ...plan.secrets },
    checksum: crypto.createHash("sha256").update(file).digest("hex"),
  };
}
