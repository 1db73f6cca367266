/** Arbitrary programs: a few resources each, most of which follow every rule, and how each is changed later. */
import * as fc from "fast-check";
import * as z from "zod";
import type { Properties } from "../../provider/definition/resource";
import { resourceOf } from "../../provider/resources/all";
import { anyInstance, consistentInstance } from "./anyInstance";
import { anyCertificate, anyService, anyVolume } from "./anyResource";
import { type JsonSchema, arbitraryOf } from "./jsonSchema";

/** The kinds that programs consist of, without GatewayImage: it needs files on this machine. */
export const KINDS = ["Instance", "Service", "Volume", "Certificate"] as const;
export type ProgramKind = (typeof KINDS)[number];

/** One resource of a program, in its first and later version. */
export interface DeclaredResource {
  readonly kind: ProgramKind;
  readonly before: Properties;
  readonly after: Properties;
}

/** A program, and a seed for its variations. */
export interface Program {
  readonly resources: readonly DeclaredResource[];
  readonly seed: number;
}

const VALID: Readonly<Record<ProgramKind, fc.Arbitrary<Properties>>> = {
  Instance: anyInstance,
  Service: anyService,
  Volume: anyVolume,
  Certificate: anyCertificate,
};

/** Inputs that a change sets together, since rules connect them. Any other is changed alone. */
const COUPLED_INPUTS: Readonly<Record<ProgramKind, readonly (readonly string[])[]>> = {
  Instance: [
    ["image", "imagePull", "template", "prepareTemplate", "branchFrom", "checkpoint"],
    ["service", "serviceGroup"],
    ["features", "restartPolicy"],
    ["type", "gpus"],
    ["networkInterfaces", "gateway", "nameserver"],
    ["takeOver", "gate"],
  ],
  Service: [
    ["template", "replicas", "autoscale"],
    ["softLimit", "hardLimit"],
  ],
  Volume: [["template", "cloneFrom", "contentFrom", "hostPath", "filesystem", "accessMode", "uid", "gid", "args"]],
  Certificate: [["commonName", "chain", "key"]],
};

const inputGroupsOf = (kind: ProgramKind): readonly (readonly string[])[] => {
  const tied = COUPLED_INPUTS[kind];
  const single = Object.keys(resourceOf(kind).inputs.shape).filter((key) => tied.every((keys) => !keys.includes(key)));
  return [...tied, ...single.filter((key) => key !== "name").map((key) => [key])];
};

/** Removes what a change of one group makes invalid in another. */
const consistent = (kind: ProgramKind, inputs: Properties): Properties =>
  kind === "Instance" ? consistentInstance(inputs) : inputs;

/** The first inputs, with these properties as in the second: absent where it has none. */
const withInputsOf = (first: Properties, second: Properties, keys: readonly string[]): Properties => ({
  ...Object.fromEntries(Object.entries(first).filter(([key]) => !keys.includes(key))),
  ...Object.fromEntries(Object.entries(second).filter(([key]) => keys.includes(key))),
});

/** A path in a guest; its own pattern has a lookahead, from which values cannot be generated. */
const SIMPLE_PATH = "^(/[a-z.]{1,4}){1,2}$";

const schemaOf = (kind: ProgramKind): JsonSchema =>
  z.toJSONSchema(resourceOf(kind).inputs, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      if (jsonSchema.pattern?.includes("(?!") === true) jsonSchema.pattern = SIMPLE_PATH;
    },
  }) as JsonSchema;

function arbitraryDeclaration(kind: ProgramKind): fc.Arbitrary<DeclaredResource> {
  const valid = VALID[kind];
  const wild = arbitraryOf(schemaOf(kind), (one) => one) as fc.Arbitrary<Properties>;
  const changes = fc.uniqueArray(fc.constantFrom(...inputGroupsOf(kind)), { minLength: 1, maxLength: 4 });
  const changed = fc.tuple(valid, valid, changes).map(([before, other, groups]) => ({
    kind,
    before,
    after: consistent(kind, withInputsOf(before, other, groups.flat())),
  }));
  const spoilt = fc
    .tuple(valid, wild, changes)
    .map(([before, other, groups]) => ({ kind, before, after: withInputsOf(before, other, groups.flat()) }));
  const strange = fc.tuple(wild, valid).map(([before, after]) => ({ kind, before, after }));
  return fc.oneof(
    { weight: 16, arbitrary: changed },
    { weight: 3, arbitrary: spoilt },
    { weight: 1, arbitrary: strange },
  );
}

/** As the engine passes it: in JSON, which has neither `undefined` nor -0. */
const asEngineInputs = (inputs: Properties, name: string): Properties =>
  JSON.parse(JSON.stringify({ ...inputs, name })) as Properties;

const withName = ({ kind, before, after }: DeclaredResource, name: string): DeclaredResource => ({
  kind,
  before: asEngineInputs(before, name),
  after: asEngineInputs(after, name),
});

const resource = fc.oneof(
  { weight: 16, arbitrary: arbitraryDeclaration("Instance") },
  { weight: 16, arbitrary: arbitraryDeclaration("Service") },
  { weight: 12, arbitrary: arbitraryDeclaration("Volume") },
  { weight: 1, arbitrary: arbitraryDeclaration("Certificate") },
);

/** Any program of one to four resources. */
export const anyProgram: fc.Arbitrary<Program> = fc
  .record({
    resources: fc.oneof(
      { weight: 6, arbitrary: fc.tuple(resource) },
      { weight: 3, arbitrary: fc.tuple(resource, resource) },
      { weight: 1, arbitrary: fc.array(resource, { minLength: 3, maxLength: 4 }) },
    ),
    seed: fc.nat(),
  })
  .map(({ resources, seed }) => ({ resources: resources.map((one, index) => withName(one, `it-${index}`)), seed }));
