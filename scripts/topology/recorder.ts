/** Records what a program registers with Pulumi's mocks, as `pulumi stack export` would tell it. */
import * as pulumi from "@pulumi/pulumi";
import type { ReportedResource } from "../../provider/cli/topology/stackExport";

/** Of Pulumi's protocol, what is recorded. Source: pulumi/pulumi v3.270.0, `proto/pulumi/resource.proto`. */
interface Struct {
  toJavaScript(): Record<string, unknown>;
}
interface RegisterRequest {
  getType(): string;
  getParent(): string;
  getObject(): Struct | undefined;
  getPropertydependenciesMap(): {
    toArray(): readonly (readonly [string, readonly [readonly string[]] | readonly string[]])[];
  };
}
interface RegisterResponse {
  getUrn(): string;
  getId(): string;
  getObject(): Struct | undefined;
}
type Callback = (error: Error | null, response: RegisterResponse | undefined) => void;
interface Monitor {
  registerResource(request: RegisterRequest, callback: Callback): Promise<void>;
}

/** Records from now on, until mocks are set again. The list grows as the program registers resources. */
export function recordRegistrations(): readonly ReportedResource[] {
  const recorded: ReportedResource[] = [];
  // The function exists in every release, but is left out of the types.
  const monitor = (pulumi.runtime as unknown as { getMonitor(): Monitor }).getMonitor();
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) =>
    register(request, (error, response) => {
      if (response !== undefined) {
        recorded.push({
          urn: response.getUrn(),
          id: response.getId(),
          type: request.getType(),
          parent: request.getParent(),
          inputs: request.getObject()?.toJavaScript() ?? {},
          outputs: response.getObject()?.toJavaScript() ?? {},
          propertyDependencies: Object.fromEntries(
            request
              .getPropertydependenciesMap()
              .toArray()
              .map(([property, urns]) => [property, urns.flat()]),
          ),
        });
      }
      callback(error, response);
    });
  return recorded;
}
