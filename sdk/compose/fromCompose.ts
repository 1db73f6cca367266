/** The resources of a Compose project. */
import * as pulumi from "@pulumi/pulumi";
import { readText } from "../dotenv";
import { composeVariable } from "../environment";
import type { ComposeArgs, ComposeService } from "./args";
import type { ComposePlan } from "./provider";
import { loadPlanner } from "./provider";
import { createResources } from "./resources";

const TYPE = "unikernel:index:ComposeProject";

/** The resources of a Compose project; made by {@link fromCompose}. */
export class ComposeProject extends pulumi.ComponentResource {
  /** URLs of the services that publish ports, by the name of the service in the file. */
  readonly urls: pulumi.Output<{ readonly [service: string]: string }>;

  private readonly services: ReadonlyMap<string, ComposeService>;

  /** @internal */
  constructor(plan: ComposePlan, opts?: pulumi.ComponentResourceOptions) {
    super(TYPE, plan.project, {}, opts);
    for (const warning of plan.warnings) void pulumi.log.warn(warning, this);
    this.services = createResources(plan, this);
    this.urls = pulumi.all(
      Object.fromEntries(
        [...this.services].filter(([, { service }]) => service !== undefined).map(([key, { url }]) => [key, url]),
      ),
    );
    this.registerOutputs({ urls: this.urls });
  }

  /**
   * The resources of a service.
   *
   * Throws a `RunError` with `INPUT_INVALID` if the file has no such service, or if no active profile has it.
   *
   * @param name name of the service in the file
   */
  service(name: string): ComposeService {
    const found = this.services.get(name);
    if (found !== undefined) return found;
    const names = [...this.services.keys()].join(", ");
    throw new pulumi.RunError(`INPUT_INVALID: The Compose project has no active service '${name}'; it has ${names}.`);
  }
}

/**
 * Creates the resources of a Compose project: a GatewayImage for each `build`, an Instance for each service, a Service for published ports,
 * and Volumes.
 *
 * ```ts
 * const project = unikernel.fromCompose("./compose.yaml", { envFile: "./.env" });
 * export const url = project.service("gateway").url;
 * ```
 *
 * A key that has no counterpart is reported with its line: as a warning if the program does the same without it, as an error otherwise.
 *
 * Throws a `RunError` with `COMPOSE_INVALID` that names every line that is wrong.
 *
 * @param file path of the Compose file, relative to the program
 * @param args how to read it
 * @param opts Pulumi's resource options; providers, transforms and `protect` apply to all resources of the project
 */
export function fromCompose(
  file: string,
  args: ComposeArgs = {},
  opts?: pulumi.ComponentResourceOptions,
): ComposeProject {
  return new ComposeProject(planOf(file, args), opts);
}

function planOf(file: string, { envFile, project, profiles }: ComposeArgs): ComposePlan {
  const read = (name: string): string | undefined => {
    const found = readText(name);
    if ("text" in found) return found.text;
    if (found.isMissing) return undefined;
    throw new pulumi.RunError(`COMPOSE_INVALID: '${name}' cannot be used: ${found.problem}.`);
  };
  try {
    return loadPlanner().planCompose({ file, envFile, project, profiles, read, environment: composeVariable });
  } catch (error) {
    if (!(error instanceof Error && (error as { code?: unknown }).code === "COMPOSE_INVALID")) throw error;
    throw new pulumi.RunError(`COMPOSE_INVALID: ${error.message}`);
  }
}
