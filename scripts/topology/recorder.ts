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
  getDependenciesList(): string[];
  getPropertydependenciesMap(): {
    toArray(): readonly (readonly [string, readonly [readonly string[]] | readonly string[]])[];
  };
}
interface ReadRequest {
  getId(): string;
  getType(): string;
  getParent(): string;
  getProperties(): Struct | undefined;
}
interface ReadResponse {
  getUrn(): string;
  getProperties(): Struct | undefined;
}
interface RegisterResponse {
  getUrn(): string;
  getId(): string;
  getObject(): Struct | undefined;
}
type Callback<Response> = (error: Error | null, response: Response | undefined) => void;
interface Monitor {
  registerResource(request: RegisterRequest, callback: Callback<RegisterResponse>): Promise<void>;
  readResource(request: ReadRequest, callback: Callback<ReadResponse>): Promise<void>;
}

/** Records from now on, until mocks are set again. The list grows as the program registers and reads resources. */
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
          dependencies: request.getDependenciesList(),
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
  const read = monitor.readResource.bind(monitor);
  // A reference to another stack, or an object that exists.
  monitor.readResource = (request, callback) =>
    read(request, (error, response) => {
      if (response !== undefined) {
        recorded.push({
          urn: response.getUrn(),
          id: request.getId(),
          type: request.getType(),
          parent: request.getParent(),
          inputs: request.getProperties()?.toJavaScript() ?? {},
          outputs: response.getProperties()?.toJavaScript() ?? {},
        });
      }
      callback(error, response);
    });
  return recorded;
}
