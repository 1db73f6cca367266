import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import * as ts from "typescript";
import { generate } from "../../../../scripts/generate/main";
import { schemaProblems } from "../../../support/schemaRules";

interface Property {
  readonly $ref?: string;
  readonly items?: Property;
  readonly additionalProperties?: Property;
  readonly oneOf?: readonly Property[];
  readonly description?: string;
  readonly secret?: boolean;
}
type Properties = Readonly<Record<string, Property>>;
interface ObjectType {
  readonly properties: Properties;
  readonly required: readonly string[];
}
interface Resource extends ObjectType {
  readonly inputProperties: Properties;
  readonly requiredInputs: readonly string[];
}
interface Schema {
  readonly version: string;
  readonly config: { readonly variables: Properties };
  readonly provider: { readonly properties: Properties; readonly inputProperties: Properties };
  readonly types: Readonly<Record<string, ObjectType>>;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly functions: Readonly<Record<string, { readonly inputs: ObjectType; readonly outputs: ObjectType }>>;
}

const root = path.resolve(__dirname, "../../../..");
const text = fs.readFileSync(path.join(root, "schema.json"), "utf8");
const schema = JSON.parse(text) as Schema;
const named = (token: string): string => token.split(":").at(-1) ?? "";

describe("the package schema", () => {
  it("is current, and so is the generated SDK source", async () => {
    const files = await generate();
    const generated = fs
      .readdirSync(path.join(root, "sdk"))
      .filter((name) => name.endsWith(".ts"))
      .filter((name) => fs.readFileSync(path.join(root, "sdk", name), "utf8").startsWith("// Written by"));
    const expected = [...files].filter(([name]) => !name.startsWith("docs/"));
    assert.deepEqual(
      expected.map(([name]) => name).sort(),
      ["schema.json", ...generated.map((name) => `sdk/${name}`)].sort(),
    );
    for (const [name, content] of expected) {
      assert.equal(fs.readFileSync(path.join(root, name), "utf8"), content, `${name}: run 'npm run generate'`);
    }
  });

  it("follows the rules of Pulumi's binder without unknown keys", () => {
    assert.deepEqual(schemaProblems(JSON.parse(text) as Record<string, unknown>), []);
  });

  it("has this package's version and resources", () => {
    const { version } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
    assert.equal(schema.version, version);
    assert.deepEqual(Object.keys(schema.resources).map(named).sort(), [
      "Certificate",
      "GatewayImage",
      "Instance",
      "RolloutWave",
      "Service",
      "Volume",
    ]);
  });

  it("lists the same settings for stack and provider, with a secret token in both", () => {
    assert.deepEqual(schema.provider.inputProperties, schema.config.variables);
    assert.deepEqual(schema.provider.properties, schema.config.variables);
    assert.equal(schema.config.variables["token"]?.secret, true);
  });

  it("returns every input as an output, secret if the input is", () => {
    for (const [token, { inputProperties, properties, requiredInputs, required }] of Object.entries(schema.resources)) {
      for (const [name, input] of Object.entries(inputProperties)) {
        assert.ok(name in properties, `${token} ${name}`);
        assert.equal(properties[name]?.secret, input.secret, `${token} ${name}`);
      }
      for (const name of requiredInputs) assert.ok(required.includes(name), `${token} ${name}`);
    }
  });

  it("describes every input", () => {
    for (const [token, { inputProperties }] of Object.entries(schema.resources)) {
      for (const [name, { description }] of Object.entries(inputProperties)) assert.ok(description, `${token} ${name}`);
    }
    for (const token of reachable(Object.values(schema.resources).map((resource) => resource.inputProperties))) {
      for (const [name, { description }] of Object.entries(schema.types[token]?.properties ?? {})) {
        assert.ok(description, `${token} ${name}`);
      }
    }
  });
});

const VOLUME = "unikernel:index:Volume";
const MOUNT = "unikernel:index:VolumeMount";

/** Each breaks one rule of the valid schema above. */
const BREAKS: Readonly<Record<string, { change: (schema: object) => void; problem: RegExp }>> = {
  "a misspelt key at the top": { change: (s) => set(s, ["licence"], "x"), problem: /schema: unknown key 'licence'/ },
  "a misspelt key of a resource": {
    change: (s) => set(s, ["resources", VOLUME, "requiredInput"], []),
    problem: /unknown key 'requiredInput'/,
  },
  "a misspelt key of a property": {
    change: (s) => set(s, ["resources", VOLUME, "inputProperties", "sizeMb", "replaceOnChange"], true),
    problem: /inputProperties\.sizeMb: unknown key 'replaceOnChange'/,
  },
  "a misspelt key of config": { change: (s) => set(s, ["config", "default"], []), problem: /config: unknown key/ },
  "a reserved package name": { change: (s) => set(s, ["name"], "pulumi"), problem: /name: is reserved/ },
  "an invalid version": {
    change: (s) => set(s, ["version"], "1.0"),
    problem: /version: is not a semantic version/,
  },
  "a property named pulumi": {
    change: (s) => set(s, ["types", MOUNT, "properties", "pulumi"], { type: "string" }),
    problem: /VolumeMount\.pulumi: is reserved/,
  },
  "an output named id": {
    change: (s) => set(s, ["resources", VOLUME, "properties", "id"], { type: "string" }),
    problem: /properties\.id: is the engine's/,
  },
  "an output named urn": {
    change: (s) => set(s, ["resources", VOLUME, "properties", "urn"], { type: "string" }),
    problem: /properties\.urn: is the engine's/,
  },
  "a provider input named version": {
    change: (s) => set(s, ["provider", "inputProperties", "version"], { type: "string" }),
    problem: /provider\.inputProperties\.version: is reserved/,
  },
  "a missing required property": {
    change: (s) => set(s, ["resources", VOLUME, "requiredInputs"], ["sizeGb"]),
    problem: /'sizeGb' is required but missing/,
  },
  "a dangling reference": {
    change: (s) => set(s, ["types", MOUNT, "properties", "at"], { $ref: "#/types/unikernel:index:Gone" }),
    problem: /does not exist/,
  },
  "an unknown type": {
    change: (s) => set(s, ["types", MOUNT, "properties", "at"], { type: "text" }),
    problem: /'text' is not a type/,
  },
  "an array without items": {
    change: (s) => set(s, ["types", MOUNT, "properties", "at"], { type: "array" }),
    problem: /at\.items: is not a type/,
  },
  "a default of another type": {
    change: (s) => set(s, ["types", MOUNT, "properties", "readonly", "default"], "no"),
    problem: /"no" is not a boolean/,
  },
  "a token of two parts": { change: (s) => set(s, ["resources", "unikernel:Disk"], {}), problem: /three parts/ },
  "a token of another package": {
    change: (s) => set(s, ["resources", "other:index:Disk"], {}),
    problem: /belongs to package 'other'/,
  },
  "two tokens that differ in case": {
    change: (s) => set(s, ["types", "unikernel:index:volume"], { type: "object" }),
    problem: /has the name of another one/,
  },
  "a misspelt key of a function": {
    change: (s) => set(s, ["functions", "unikernel:index:getImages", "output"], {}),
    problem: /getImages: unknown key 'output'/,
  },
  "a missing required result": {
    change: (s) => set(s, ["functions", "unikernel:index:getImages", "outputs", "required"], ["picture"]),
    problem: /'picture' is required but missing/,
  },
  "a type that requires itself": {
    change: (s) => {
      set(s, ["types", MOUNT, "properties", "next"], { $ref: `#/types/${MOUNT}` });
      set(s, ["types", MOUNT, "required"], ["next"]);
    },
    problem: /requires itself/,
  },
};

function set(target: object, [key = "", ...rest]: readonly string[], value: unknown): void {
  const object = target as Record<string, unknown>;
  if (rest.length === 0) object[key] = value;
  else set(object[key] as object, rest, value);
}

describe("the checker of the package schema", () => {
  for (const [what, { change, problem }] of Object.entries(BREAKS)) {
    it(`finds ${what}`, () => {
      const broken = JSON.parse(text) as Record<string, unknown>;
      change(broken);
      const problems = schemaProblems(broken);
      assert.ok(
        problems.some((one) => problem.test(one)),
        problems.join("\n"),
      );
    });
  }
});

/** Tokens of the types that properties use, also through other types. */
function reachable(roots: readonly Properties[]): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (property: Property): void => {
    if (property.items !== undefined) visit(property.items);
    if (property.additionalProperties !== undefined) visit(property.additionalProperties);
    property.oneOf?.forEach(visit);
    const token = property.$ref?.replace("#/types/", "") ?? "";
    if (schema.types[token] === undefined || found.has(token)) return;
    found.add(token);
    Object.values(schema.types[token].properties).forEach(visit);
  };
  roots.flatMap((properties) => Object.values(properties)).forEach(visit);
  return found;
}

/** Name → whether it is required. */
type Shape = Readonly<Record<string, "required" | "optional">>;

const shapeOf = (properties: Properties, required: readonly string[]): Shape =>
  Object.fromEntries(
    Object.keys(properties).map((name) => [name, required.includes(name) ? "required" : "optional"] as const),
  );

describe("the SDK", function () {
  this.timeout(60_000);
  let checker: ts.TypeChecker;
  let exported: ReadonlyMap<string, ts.Type>;

  /** Own properties as the compiler sees them; `undefined` allowed means optional. */
  const propertiesOf = (type: ts.Type, unwrap: (type: ts.Type) => ts.Type): Shape =>
    Object.fromEntries(
      type
        .getProperties()
        .filter((symbol) => symbol.declarations?.every((at) => at.getSourceFile().fileName.includes("/sdk/")) === true)
        .map((symbol) => {
          const inner = unwrap(checker.getTypeOfSymbol(symbol));
          const isOptional = checker.getNonNullableType(inner) !== inner;
          return [symbol.name, isOptional ? "optional" : "required"] as const;
        }),
    );
  const asIs = (type: ts.Type) => type;
  /** T of `pulumi.Output<T>`: what its `get()` returns. */
  const ofOutput = (type: ts.Type): ts.Type => {
    const get = type.getProperty("get");
    const [signature] = get === undefined ? [] : checker.getTypeOfSymbol(get).getCallSignatures();
    assert.ok(signature !== undefined, checker.typeToString(type));
    return signature.getReturnType();
  };
  const exportedType = (name: string): ts.Type => {
    const type = exported.get(name);
    assert.ok(type !== undefined, `${name} is not exported`);
    return type;
  };

  before(() => {
    const { config } = ts.readConfigFile(path.join(root, "tsconfig.json"), (file) => ts.sys.readFile(file)) as {
      config: object;
    };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const index = path.join(root, "sdk/index.ts");
    const program = ts.createProgram([index], options);
    checker = program.getTypeChecker();
    const source = program.getSourceFile(index);
    const module = source && checker.getSymbolAtLocation(source);
    assert.ok(module !== undefined);
    exported = new Map(
      checker.getExportsOfModule(module).map((symbol) => {
        const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
        return [symbol.name, checker.getDeclaredTypeOfSymbol(target)];
      }),
    );
  });

  /** Not derived from the schema: they are for programs in this language. */
  const HELPERS = [
    ...["AnyGatewayImage", "dotenv", "tyk", "TykArgs", "TykControlPlaneArgs", "TykGateway", "TykRedisArgs"],
    ...["Firewall", "FirewallArgs", "FirewallInterfaceArgs", "FirewallRuleArgs"],
    ...["Router", "RouterArgs", "RouterInterfaceArgs"],
    ...["FleetMetroArgs", "FleetRedisArgs", "FleetVariables", "GatewayFleet", "GatewayFleetArgs"],
    ...["ComposeArgs", "ComposeProject", "ComposeService", "fromCompose"],
    ...["CreateWaveServices", "RolloutWaves", "RolloutWavesArgs", "Wave", "WaveArgs"],
  ];

  it("exports one class per resource, its arguments, functions, nested types, the provider and helpers, and nothing else", () => {
    const kinds = Object.keys(schema.resources).map(named);
    const functions = Object.entries(schema.functions).flatMap(([token, { inputs }]) => {
      const [name, capital] = [named(token), named(token).replace(/^g/, "G")];
      const args = Object.keys(inputs.properties).length === 0 ? [] : [`${capital}Args`, `${capital}OutputArgs`];
      return [name, `${name}Output`, `${capital}Result`, ...args];
    });
    const inputs = reachable(Object.values(schema.resources).map((resource) => resource.inputProperties));
    assert.deepEqual(
      [...exported.keys()].sort(),
      [
        ...["Provider", ...kinds].flatMap((kind) => [kind, `${kind}Args`]),
        ...functions,
        ...Object.keys(schema.types).map(named),
        ...[...inputs].map((token) => `${named(token)}Args`),
        ...HELPERS,
      ].sort(),
    );
  });

  it("has the schema's arguments, with the same ones required", () => {
    for (const [token, { inputProperties, requiredInputs }] of Object.entries(schema.resources)) {
      const name = `${named(token)}Args`;
      assert.deepEqual(propertiesOf(exportedType(name), asIs), shapeOf(inputProperties, requiredInputs), name);
    }
    assert.deepEqual(propertiesOf(exportedType("ProviderArgs"), asIs), shapeOf(schema.provider.inputProperties, []));
  });

  it("has the schema's nested types as arguments, with the same ones required", () => {
    for (const token of reachable(Object.values(schema.resources).map((resource) => resource.inputProperties))) {
      const { properties = {}, required = [] } = schema.types[token] ?? {};
      const name = `${named(token)}Args`;
      assert.deepEqual(propertiesOf(exportedType(name), asIs), shapeOf(properties, required), name);
    }
    for (const [token, { properties }] of Object.entries(schema.types)) {
      const plain = propertiesOf(exportedType(named(token)), asIs);
      assert.deepEqual(Object.keys(plain).sort(), Object.keys(properties).sort(), token);
    }
  });

  it("has the schema's outputs on its classes, with the same ones always set", () => {
    for (const [token, { properties, required }] of Object.entries(schema.resources)) {
      const kind = named(token);
      assert.deepEqual(propertiesOf(exportedType(kind), ofOutput), shapeOf(properties, required), kind);
    }
  });
});
