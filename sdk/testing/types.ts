/** Types of the mocks. */
import type * as pulumi from "@pulumi/pulumi";

/** Options of `mockPlatform`. */
export interface MockPlatformOptions {
  /** Metro of resources without a Provider: `local`, or a metro code such as `fra`. Default `local`. */
  readonly metro?: string | undefined;
  /** Name of the Pulumi project. Default `project`. */
  readonly project?: string | undefined;
  /** Name of the stack. Default `stack`. */
  readonly stack?: string | undefined;
  /** True for a preview of a new stack: resources are checked and not created, and their outputs are unknown. Default false. */
  readonly preview?: boolean | undefined;
  /**
   * Mocks of other packages, such as `@pulumi/kubernetes`. Default: such a resource gets the id `<name>-id` and its inputs as outputs, an
   * object of Kubernetes also a name and a namespace as in a cluster; functions of other packages fail.
   */
  readonly foreign?: pulumi.runtime.Mocks | undefined;
}

/** A resource that the program has declared. */
export interface DeclaredResource {
  /** Kind, such as `Instance`, or the type of a component or of another package's resource, such as `kubernetes:core/v1:Secret`. */
  readonly kind: string;
  /** Pulumi name. */
  readonly name: string;
  /** Name of its explicit Provider; `undefined` for none. */
  readonly provider: string | undefined;
  /** What the program gave, secrets in clear. A value that a preview does not know yet is left out. */
  readonly inputs: { readonly [name: string]: unknown };
  /** Inputs with defaults, and outputs, secrets in clear; `undefined` if the resource was rejected. */
  readonly outputs: { readonly [name: string]: unknown } | undefined;
}

/** A resource that the platform has rejected. */
export interface Rejection {
  /** As in {@link DeclaredResource}. */
  readonly kind: string;
  /** Pulumi name. */
  readonly name: string;
  /** What a preview or an update prints: one line per failure, each with its code, such as `INPUT_INVALID: memoryMb: …`. */
  readonly message: string;
}
