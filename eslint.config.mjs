/** Rules that hold the architecture and catch what the compiler cannot. Formatting is prettier's. */
import * as path from "node:path";
import tseslint from "typescript-eslint";

const root = import.meta.dirname;

/**
 * Who may import whom. A key is a folder under provider/ (or `sdk`); a value is what it may reach besides itself, as
 * a folder or a single module. `definition (types)`: by `import type` only.
 */
const ARROWS = {
  base: [],
  definition: ["provider/base"],
  api: ["provider/base"],
  image: ["provider/base"],
  rollout: ["provider/api", "provider/base"],
  resources: ["provider/definition", "provider/api", "provider/image", "provider/rollout", "provider/base"],
  functions: [
    "provider/resources/context",
    "provider/resources/guest",
    "provider/definition",
    "provider/api",
    "provider/base",
  ],
  platform: [
    "provider/api/routes",
    "provider/api/models",
    "provider/api/codes",
    "provider/image/oci",
    "provider/image/registry",
    "provider/image/cpio",
    "provider/base",
  ],
  frontend: ["provider/resources", "provider/functions", "provider/definition", "provider/base"],
  cli: ["provider/platform", "provider/image", "provider/api", "provider/base"],
};

/** Reports a relative import that goes against the arrows, by the resolved path. */
const importArrows = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const from = path.relative(root, context.filename).split(path.sep).join("/");
    const own = from.startsWith("sdk/") ? "sdk" : from.split("/").slice(0, 2).join("/");
    const allowed = own === "sdk" ? [] : (ARROWS[own.slice("provider/".length)] ?? []);
    const check = (node) => {
      const source = node.source?.value;
      if (typeof source !== "string" || !source.startsWith(".")) return;
      const target = path.posix.normalize(path.posix.join(path.posix.dirname(from), source));
      const reaches = (folder) => target === folder || target.startsWith(`${folder}/`);
      if ([own, ...allowed].some(reaches)) return;
      if (own === "sdk" && reaches("provider/definition") && isTypeOnly(node)) return;
      context.report({ node, message: `${own} may not import ${target}: see the arrows in eslint.config.mjs.` });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};

function isTypeOnly(node) {
  const everyName = node.specifiers?.length > 0 && node.specifiers.every((name) => name.importKind === "type");
  return node.importKind === "type" || node.exportKind === "type" || everyName;
}

/** Modules that have one home each, so that what they do can be found. */
const HOMES = [
  { name: "axios", homes: ["provider/api/http.ts", "provider/api/probe.ts", "provider/image/registry/client.ts"] },
  { name: "node:child_process", homes: ["provider/base/exec.ts", "provider/platform/vmm/qemu/process.ts"] },
  { name: "node:sqlite", homes: ["provider/platform/state/database.ts"] },
];

const libraryFiles = ["sdk/**/*.ts", "provider/**/*.ts"];

const onlyAtHome = libraryFiles.flatMap((files) => ({
  files: [files],
  rules: { "no-restricted-imports": ["error", restrictions(HOMES, !files.startsWith("sdk"))] },
}));

/** Later entries win, so each home gets the whole list less its own module. */
const atHome = [...new Set(HOMES.flatMap(({ homes }) => homes))].map((file) => ({
  files: [file],
  rules: {
    "no-restricted-imports": [
      "error",
      restrictions(
        HOMES.filter(({ homes }) => !homes.includes(file)),
        true,
      ),
    ],
  },
}));

function restrictions(modules, withoutPulumi) {
  return {
    paths: modules.map(({ name, homes }) => ({ name, message: `Only in ${homes.join(" and ")}.` })),
    patterns: withoutPulumi
      ? [{ group: ["@pulumi/*", "@grpc/*", "google-protobuf"], message: "Only in sdk/ and provider/frontend/." }]
      : [],
  };
}

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "**/.pulumi/", ".cache/"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    rules: {
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/only-throw-error": "error",
      "@typescript-eslint/prefer-promise-reject-errors": "error",
      "@typescript-eslint/return-await": ["error", "error-handling-correctness-only"],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  {
    files: libraryFiles,
    plugins: { unikernel: { rules: { "import-arrows": importArrows } } },
    rules: {
      "unikernel/import-arrows": "error",
      "@typescript-eslint/no-unsafe-argument": "error",
      "@typescript-eslint/no-unsafe-assignment": "error",
      "@typescript-eslint/no-unsafe-call": "error",
      "@typescript-eslint/no-unsafe-member-access": "error",
      "@typescript-eslint/no-unsafe-return": "error",
      "no-console": "error",
      "no-restricted-properties": [
        "error",
        { object: "process", property: "env", message: "Only in provider/base/environment.ts." },
      ],
    },
  },
  ...onlyAtHome,
  {
    files: ["provider/frontend/**/*.ts"],
    rules: { "no-restricted-imports": ["error", restrictions(HOMES, false)] },
  },
  ...atHome,
  { files: ["provider/base/environment.ts"], rules: { "no-restricted-properties": "off" } },
  { files: ["provider/cli/**/*.ts"], rules: { "no-console": "off" } },
);
