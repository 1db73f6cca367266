/** Rules that catch what the compiler cannot. Who may import whom is in .dependency-cruiser.cjs; formatting is prettier's. */
import jsdoc from "eslint-plugin-jsdoc";
import tseslint from "typescript-eslint";

const root = import.meta.dirname;

const libraryFiles = ["sdk/**/*.ts", "provider/**/*.ts"];

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
    plugins: { jsdoc },
    rules: {
      // Every exported name has a TSDoc comment; see also no-restricted-syntax.
      "jsdoc/require-jsdoc": [
        "error",
        {
          publicOnly: { ancestorsOnly: true, esm: true, cjs: false, window: false },
          require: { ClassDeclaration: true, FunctionDeclaration: true },
          contexts: [
            "TSInterfaceDeclaration",
            "TSTypeAliasDeclaration",
            "TSEnumDeclaration",
            "ExportNamedDeclaration > VariableDeclaration",
          ],
          enableFixer: false,
        },
      ],
      "@typescript-eslint/no-unsafe-argument": "error",
      "@typescript-eslint/no-unsafe-assignment": "error",
      "@typescript-eslint/no-unsafe-call": "error",
      "@typescript-eslint/no-unsafe-member-access": "error",
      "@typescript-eslint/no-unsafe-return": "error",
      "no-console": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: "ExportNamedDeclaration[source=null][specifiers.length>0]",
          message: "Export a name where it is declared; jsdoc/require-jsdoc does not see this list.",
        },
      ],
      "no-restricted-properties": [
        "error",
        {
          object: "process",
          property: "env",
          message: "Only in provider/base/config/environment.ts and sdk/environment.ts.",
        },
      ],
    },
  },
  {
    files: ["provider/base/config/environment.ts", "sdk/environment.ts"],
    rules: { "no-restricted-properties": "off" },
  },
  { files: ["provider/cli/**/*.ts", "provider/pulumi/dynamic/reportedErrors.ts"], rules: { "no-console": "off" } },
);
