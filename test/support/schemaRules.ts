/**
 * The rules of a Pulumi package schema, as far as this package's schema uses them. Stricter than the engine's own
 * check, which accepts a misspelt key.
 * Source: pulumi/pulumi `pkg/codegen/schema/pulumi.json` (keys), `bind.go` and `reserved_keywords.go` (rules).
 */

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const objectOf = (value: unknown): Json => (isObject(value) ? value : {});
const namesOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

const TYPE_KEYS = ["type", "items", "additionalProperties", "$ref", "oneOf", "discriminator", "plain"];

/** The allowed keys by place. Keys whose rules are not implemented below (`methods`, `functions`, …) are not among them. */
const ALLOWED_KEYS = {
  package: [
    ...["name", "displayName", "version", "description", "keywords", "homepage", "license", "attribution"],
    ...["repository", "logoUrl", "pluginDownloadURL", "publisher", "namespace", "meta", "config", "types", "provider"],
    ...["resources", "functions", "language"],
  ],
  function: ["description", "inputs", "outputs", "deprecationMessage"],
  config: ["variables", "defaults"],
  resource: [
    ...["description", "properties", "required", "inputProperties", "requiredInputs", "stateInputs", "aliases"],
    "deprecationMessage",
  ],
  objectType: ["type", "description", "properties", "required"],
  type: TYPE_KEYS,
  property: [
    ...TYPE_KEYS,
    ...["description", "const", "default", "defaultInfo", "deprecationMessage", "language", "secret"],
    ...["replaceOnChanges", "willReplaceOnChanges"],
  ],
} as const;

const PRIMITIVES: Readonly<Record<string, (value: unknown) => boolean>> = {
  boolean: (value) => typeof value === "boolean",
  integer: Number.isInteger,
  number: (value) => typeof value === "number",
  string: (value) => typeof value === "string",
};

const BUILT_IN = ["pulumi.json#/Asset", "pulumi.json#/Archive", "pulumi.json#/Json", "pulumi.json#/Any"];

/** All problems of a schema with their place; empty for a valid one. */
export function schemaProblems(schema: Json): readonly string[] {
  const problems: string[] = [];
  const report = (place: string, what: string) => void problems.push(`${place}: ${what}`);
  const name = String(schema["name"]);
  const types = objectOf(schema["types"]);
  const resources = objectOf(schema["resources"]);
  const functions = objectOf(schema["functions"]);

  const onlyKeys = (place: string, value: Json, allowed: readonly string[]) => {
    for (const key of Object.keys(value)) if (!allowed.includes(key)) report(place, `unknown key '${key}'`);
  };

  const reference = (place: string, ref: string) => {
    if (BUILT_IN.includes(ref) || ref === "#/provider") return;
    const [, table, token = ""] = /^#\/(types|resources)\/(.+)$/.exec(ref) ?? [];
    if (table === undefined) report(place, `'${ref}' is not a reference`);
    else if ((table === "types" ? types : resources)[token] === undefined) report(place, `'${ref}' does not exist`);
  };

  const type = (place: string, value: unknown) => {
    if (!isObject(value)) return report(place, "is not a type");
    const { type: kind, $ref, items, additionalProperties, oneOf } = value;
    if (typeof $ref === "string") return reference(place, $ref);
    if (oneOf !== undefined) {
      if (!Array.isArray(oneOf) || oneOf.length < 2) return report(place, "oneOf needs two types");
      return oneOf.forEach((one, index) => nested(`${place}.oneOf[${index}]`, one));
    }
    if (kind === "array") return nested(`${place}.items`, items);
    // Without additionalProperties it would be a map of strings, which must be explicit.
    if (kind === "object") return nested(`${place}.additionalProperties`, additionalProperties);
    if (typeof kind !== "string" || PRIMITIVES[kind] === undefined) report(place, `'${String(kind)}' is not a type`);
  };
  const nested = (place: string, value: unknown) => {
    onlyKeys(place, objectOf(value), ALLOWED_KEYS.type);
    type(place, value);
  };

  const properties = (place: string, value: unknown, reserved: Readonly<Record<string, string>> = {}) => {
    for (const [key, spec] of Object.entries(objectOf(value))) {
      const at = `${place}.${key}`;
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) report(at, "is not an identifier");
      const why = { pulumi: "is reserved everywhere", ...reserved }[key];
      if (why !== undefined) report(at, why);
      onlyKeys(at, objectOf(spec), ALLOWED_KEYS.property);
      type(at, spec);
      const { type: kind, default: fallback, const: constant, defaultInfo } = objectOf(spec);
      for (const literal of [fallback, constant]) {
        const fits = typeof kind === "string" ? PRIMITIVES[kind] : undefined;
        if (literal !== undefined && fits?.(literal) !== true)
          report(at, `${JSON.stringify(literal)} is not a ${String(kind)}`);
      }
      if (defaultInfo !== undefined && namesOf(objectOf(defaultInfo)["environment"]).length === 0) {
        report(at, "defaultInfo names no environment variable");
      }
    }
  };

  const required = (place: string, list: unknown, within: unknown) => {
    const names = namesOf(list);
    for (const one of names) if (!(one in objectOf(within))) report(place, `'${one}' is required but missing`);
    if (new Set(names).size !== names.length) report(place, "contains a duplicate");
  };

  const token = (place: string, text: string) => {
    const [, owner, module, type] = /^([^:]+):([A-Za-z_][\w./]*):([A-Za-z_][\w./]*)$/.exec(text) ?? [];
    if (owner === undefined) report(place, "is not a token of three parts");
    else if (owner !== name) report(place, `belongs to package '${owner}'`);
    else if (module === "provider") report(place, "uses the module name 'provider'");
    return `${module}/${type}`;
  };

  onlyKeys("schema", schema, ALLOWED_KEYS.package);
  if (!/^[a-zA-Z][-a-zA-Z0-9_]*$/.test(name)) report("name", "is not a package name");
  if (["pulumi", "input"].includes(name)) report("name", "is reserved");
  // Source: semver.org, the suggested expression without build metadata.
  if (!/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-.]+)?$/.test(String(schema["version"]))) {
    report("version", "is not a semantic version");
  }
  const config = objectOf(schema["config"]);
  onlyKeys("config", config, ALLOWED_KEYS.config);
  properties("config.variables", config["variables"]);
  required("config.defaults", config["defaults"], config["variables"]);

  const provider = objectOf(schema["provider"]);
  onlyKeys("provider", provider, ALLOWED_KEYS.resource);
  properties("provider.properties", provider["properties"]);
  properties("provider.inputProperties", provider["inputProperties"], { version: "is reserved for providers" });
  required("provider.required", provider["required"], provider["properties"]);
  required("provider.requiredInputs", provider["requiredInputs"], provider["inputProperties"]);

  const paths = new Set<string>();
  const modules = new Set(
    [...Object.keys(types), ...Object.keys(resources), ...Object.keys(functions)].map((text) => text.split(":")[1]),
  );
  for (const [place, table] of [
    ["types", types],
    ["resources", resources],
    ["functions", functions],
  ] as const) {
    for (const text of Object.keys(table)) {
      const path = token(`${place}.${text}`, text);
      if (paths.has(path.toLowerCase())) report(`${place}.${text}`, "has the name of another one");
      if (modules.has(path)) report(`${place}.${text}`, "has the path of a module");
      paths.add(path.toLowerCase());
    }
  }
  for (const [text, spec] of Object.entries(types)) {
    const { type: kind, properties: fields, required: list } = objectOf(spec);
    onlyKeys(`types.${text}`, objectOf(spec), ALLOWED_KEYS.objectType);
    if (kind !== "object") report(`types.${text}`, "is not of type object");
    properties(`types.${text}`, fields);
    required(`types.${text}.required`, list, fields);
    if (needsItself(types, text)) report(`types.${text}`, "requires itself, so no value of it can exist");
  }
  for (const [text, spec] of Object.entries(resources)) {
    const place = `resources.${text}`;
    const resource = objectOf(spec);
    const reserved = { id: "is the engine's", urn: "is the engine's" };
    onlyKeys(place, resource, ALLOWED_KEYS.resource);
    properties(`${place}.properties`, resource["properties"], reserved);
    properties(`${place}.inputProperties`, resource["inputProperties"], reserved);
    required(`${place}.required`, resource["required"], resource["properties"]);
    required(`${place}.requiredInputs`, resource["requiredInputs"], resource["inputProperties"]);
  }
  for (const [text, spec] of Object.entries(functions)) {
    onlyKeys(`functions.${text}`, objectOf(spec), ALLOWED_KEYS.function);
    for (const side of ["inputs", "outputs"] as const) {
      const place = `functions.${text}.${side}`;
      const { properties: fields, required: list, ...rest } = objectOf(objectOf(spec)[side]);
      onlyKeys(place, rest, ALLOWED_KEYS.objectType);
      properties(place, fields);
      required(`${place}.required`, list, fields);
    }
  }
  return problems;
}

/** Does a value of the type need, through required properties alone, another value of the same type? Arrays and maps can be empty. */
function needsItself(types: Json, start: string): boolean {
  const seen = new Set<string>();
  const visit = (text: string): boolean => {
    const spec = objectOf(types[text]);
    return namesOf(spec["required"]).some((name) => {
      const ref = objectOf(objectOf(spec["properties"])[name])["$ref"];
      const next = typeof ref === "string" ? ref.replace(/^#\/types\//, "") : "";
      if (next === start) return true;
      if (next === "" || seen.has(next)) return false;
      seen.add(next);
      return visit(next);
    });
  };
  return visit(start);
}
