/** What fromCompose takes, and what it returns for each service. */
import type * as pulumi from "@pulumi/pulumi";
import type { GatewayImage } from "../gatewayImage";
import type { Instance } from "../instance";
import type { Service } from "../service";

/** How to read a Compose file. */
export interface ComposeArgs {
  /**
   * Path of a file with variables, relative to the program, such as `./.env`. Values that come from it are secrets where a program gets them:
   * in the environment and the arguments of an instance, and in build arguments. Default: the `.env` beside the Compose file, if there is one.
   */
  readonly envFile?: string | undefined;
  /**
   * Name of the project, with which the names of all resources begin: lower-case letters, digits, dashes and underscores. A second copy of the
   * project in a metro needs another one. Default: COMPOSE_PROJECT_NAME, else `name:` of the file, else the name of its folder.
   */
  readonly project?: string | undefined;
  /** Profiles whose services are created beside those without one. Default: COMPOSE_PROFILES, else none. */
  readonly profiles?: readonly string[] | undefined;
}

/** The resources of one service of a Compose file. */
export interface ComposeService {
  /** The image, if the service has `build`. */
  readonly image: GatewayImage | undefined;
  /** The instances that have a name of their own; none if `service` creates replicas from a template. */
  readonly instances: readonly Instance[];
  /** The published ports, if there are any. */
  readonly service: Service | undefined;
  /** URL of the published ports; empty if there are none. */
  readonly url: pulumi.Output<string>;
  /** Private name of the first of `instances`; empty if there is none. */
  readonly privateFqdn: pulumi.Output<string>;
}
