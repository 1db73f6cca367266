/**
 * Who may import whom. `npm run lint` checks it and prints the counts; type-only imports count as imports.
 * docs/architecture.md explains the layers.
 */
"use strict";

/** Folder under provider/ → the folders, or single modules, that it may import besides itself. */
const LAYERS = {
  base: [],
  contract: ["base"],
  client: ["contract", "base"],
  definition: ["base"],
  image: ["base"],
  compose: ["image/kraftfile", "base"],
  rollout: ["client", "contract", "base"],
  resources: ["definition", "client", "contract", "image", "rollout", "platform/quota/quotaSettings", "base"],
  functions: [
    "resources/context",
    "resources/common",
    "resources/workload",
    "definition",
    "client",
    "contract",
    "base",
  ],
  pulumi: ["resources", "functions", "definition", "contract", "base"],
  mocks: [
    "pulumi",
    "resources",
    "functions",
    "platform/quota/quotaSettings",
    "definition",
    "client",
    "contract",
    "base",
  ],
  platform: [
    "contract",
    "image/oci",
    "image/registry",
    "image/cpio",
    "image/erofs",
    "image/kernel",
    "image/runtime",
    "base",
  ],
  cli: [
    "resources",
    "rollout",
    "platform",
    "image",
    "definition/naming",
    "definition/migrate",
    "definition/unknowns",
    "client",
    "contract",
    "base",
  ],
};

/** Packages and Node modules that few files may use, so that what they do can be found. */
const OWNERS = {
  "^(node_modules/)?axios": [
    "provider/client/transport/httpExchange.ts",
    "provider/client/httpProbe.ts",
    "provider/image/registry/http.ts",
    "provider/image/build/files/downloadFile.ts",
  ],
  "^(node:)?child_process$": ["provider/base/exec.ts", "provider/platform/vmm/qemu/host/process.ts"],
  "^(node:)?sqlite$": ["provider/platform/store/database.ts"],
};

const escape = (text) => text.replaceAll(".", "\\.");
const anyOf = (paths) => `^(${paths.map(escape).join("|")})`;

const layers = Object.entries(LAYERS).map(([folder, allowed]) => ({
  name: `layer-${folder}`,
  comment: `provider/${folder} may import ${allowed.join(", ") || "nothing else"} of provider/.`,
  severity: "error",
  from: { path: `^provider/${folder}/` },
  to: { path: "^(provider|sdk)/", pathNot: anyOf([folder, ...allowed].map((name) => `provider/${name}`)) },
}));

const owners = Object.entries(OWNERS).map(([module, files]) => ({
  name: `owner-of-${module
    .replace(/[^a-z]+/g, " ")
    .trim()
    .split(" ")
    .at(-1)}`,
  comment: `Only in ${files.join(" and ")}.`,
  severity: "error",
  from: { path: "^(provider|sdk)/", pathNot: anyOf(files) },
  to: { path: module },
}));

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "Two modules that need each other are one module, or need a third one below both.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    ...layers,
    ...owners,
    {
      name: "sdk-types-only",
      comment:
        "A program loads sdk/ alone; the provider is loaded with the first function it calls (sdk/invoke.ts), with RolloutWaves (sdk/waves/provider.ts), with fromCompose (sdk/compose/provider.ts), with the mocks for unit tests (sdk/testing/provider.ts), and to suggest a name (sdk/registration/unknownSettings.ts).",
      severity: "error",
      from: {
        path: "^sdk/",
        pathNot: "^sdk/(invoke|waves/provider|compose/provider|testing/provider|registration/unknownSettings)\\.ts$",
      },
      to: { path: "^provider/", pathNot: "^provider/definition/" },
    },
    {
      name: "sdk-types-only-definition",
      comment: "sdk/ may use types of provider/definition, and no code.",
      severity: "error",
      from: { path: "^sdk/" },
      to: { path: "^provider/definition/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "kubernetes-only-in-its-entry-point",
      comment: "Only `pulumi-unikernel/kubernetes` loads the optional @pulumi/kubernetes.",
      severity: "error",
      from: { path: "^(sdk|provider)/", pathNot: "^sdk/kubernetes/" },
      to: { path: "^(node_modules/@pulumi/kubernetes|sdk/kubernetes)/" },
    },
    {
      name: "pulumi-only-in-front-ends",
      comment: "Pulumi's SDK and protocol belong to sdk/ and provider/pulumi/.",
      severity: "error",
      from: { path: "^provider/", pathNot: "^provider/pulumi/" },
      to: { path: "^node_modules/(@pulumi|@grpc|google-protobuf)/" },
    },
    {
      name: "platform-domain-below-http",
      comment: "What instances, services, volumes and certificates are does not depend on how HTTP asks for them.",
      severity: "error",
      from: { path: "^provider/platform/[^/]+/", pathNot: "^provider/platform/(http|handlers)/" },
      to: { path: "^provider/platform/(http|handlers)/" },
    },
    {
      name: "no-development-dependencies",
      comment: "The published package may use what package.json lists under dependencies or peerDependencies.",
      severity: "error",
      from: { path: "^(provider|sdk)/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "unknown", "undetermined"],
        dependencyTypesNot: ["npm-peer", "type-only"],
      },
    },
    {
      name: "no-scripts-or-tests",
      comment: "The published package holds neither.",
      severity: "error",
      from: { path: "^(provider|sdk)/" },
      to: { path: "^(scripts|test|examples)/" },
    },
    {
      name: "no-orphans",
      comment: "A module that nothing imports, and that is no entry point, is dead.",
      severity: "error",
      from: {
        orphan: true,
        path: "^(provider|sdk)/",
      },
      to: {},
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    moduleSystems: ["es6", "cjs"],
    enhancedResolveOptions: { conditionNames: ["require", "node", "default", "types"] },
  },
};
