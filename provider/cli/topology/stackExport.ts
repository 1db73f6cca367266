/**
 * What `pulumi stack export` prints: the resources of a stack. Pure.
 *
 * Source: pulumi/pulumi v3.259.0, `sdk/go/common/apitype/core.go` (`UntypedDeployment`, `DeploymentV3`, `ResourceV3`).
 */
import * as z from "zod";
import { UnikernelError } from "../../base/errors";
import { SIGNATURE_KEY, splitUrn } from "../ci/previewDigest";

const resource = z.object({
  urn: z.string().regex(/^urn:pulumi:[^:]+::[^:]+::.+::[\s\S]+$/),
  id: z.string().default(""),
  type: z.string(),
  /** Left over from a replacement: it is being deleted. */
  delete: z.boolean().default(false),
  parent: z.string().default(""),
  inputs: z.record(z.string(), z.unknown()).default({}),
  outputs: z.record(z.string(), z.unknown()).default({}),
  /** Also those of the option `dependsOn`. */
  dependencies: z.array(z.string()).nullish(),
  propertyDependencies: z.record(z.string(), z.array(z.string()).nullable()).nullish(),
});

const stackExport = z.object({
  /** Earlier versions have their resources elsewhere, so that the picture would be empty. */
  version: z.number().min(3).optional(),
  deployment: z.object({ resources: z.array(resource).nullish() }),
});

/** One resource of a stack. */
export interface StackResource {
  readonly urn: string;
  /** Id in its provider; empty for components. */
  readonly id: string;
  /** Type, such as `kubernetes:apps/v1:Deployment`. */
  readonly type: string;
  /** Pulumi name. */
  readonly name: string;
  /** URN of the component that it belongs to; empty for none. */
  readonly parent: string;
  /** Outputs, which have defaults too, and inputs without one. What is secret in either is an object with Pulumi's signature. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** URNs of the resources that an input is made of, by the name of the input. */
  readonly dependencies: Readonly<Record<string, readonly string[]>>;
  /** URNs of all resources that it waits for, whether an input is made of them or not. */
  readonly waitsFor: readonly string[];
}

/** Resources as the engine and Pulumi's mocks report them. */
export type ReportedResource = z.input<typeof resource>;

/** The resources by URN, in an order that does not depend on when each was created. */
export function toStackResources(reported: readonly ReportedResource[]): readonly StackResource[] {
  return reported
    .map((one) => resource.parse(one))
    .filter((one) => !one.delete)
    .map(({ urn, id, type, parent, inputs, outputs, dependencies, propertyDependencies }) => ({
      ...{ urn, id, type, parent, name: splitUrn(urn).name },
      properties: { ...inputs, ...visibleOutputs(outputs, inputs) },
      waitsFor: dependencies ?? [],
      dependencies: Object.fromEntries(
        Object.entries(propertyDependencies ?? {}).map(([property, urns]) => [property, urns ?? []]),
      ),
    }))
    .sort((a, b) => compare(sortKey(a.urn), sortKey(b.urn)) || compare(a.urn, b.urn));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Puts `web-2` before `web-10`. */
const sortKey = (urn: string): string => urn.replace(/\d+/g, (digits) => digits.padStart(12, "0"));

const isSecret = (value: unknown): boolean => typeof value === "object" && value !== null && SIGNATURE_KEY in value;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const hasSecret = (value: unknown): boolean =>
  isSecret(value) || (typeof value === "object" && value !== null && Object.values(value).some(hasSecret));

/**
 * An output without what is secret in the input of its name, which a provider may return in clear. A provider may also return all of an
 * object as secret of which the program gave only a member as one: then the input says more.
 */
function visibleOutput(output: unknown, input: unknown): unknown {
  if (isSecret(input)) return input;
  if (isSecret(output)) return hasSecret(input) ? input : output;
  if (Array.isArray(output) && Array.isArray(input)) return output.map((item, at) => visibleOutput(item, input[at]));
  return isObject(output) && isObject(input) ? visibleOutputs(output, input) : output;
}

const visibleOutputs = (
  outputs: Readonly<Record<string, unknown>>,
  inputs: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, visibleOutput(output, inputs[name])]));

/**
 * Reads an export. Throws `INPUT_INVALID` with one sentence for anything else.
 *
 * @param source where the text is from, such as `Standard input`
 */
export function parseStackExport(text: string, source: string): readonly StackResource[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw exportError(source, text.trim() === "" ? "it is empty" : "it is not JSON");
  }
  const parsed = stackExport.safeParse(json);
  if (parsed.success) return toStackResources(parsed.data.deployment.resources ?? []);
  const at = parsed.error.issues[0]?.path.join(".") ?? "";
  throw exportError(source, at === "" ? "it is not an object" : `it differs at '${at}'`);
}

const exportError = (source: string, problem: string): UnikernelError =>
  new UnikernelError("INPUT_INVALID", `${source} is not what 'pulumi stack export' prints: ${problem}.`, {
    hint: "Use it as 'pulumi stack export | unikernel topology > topology.svg'.",
  });
