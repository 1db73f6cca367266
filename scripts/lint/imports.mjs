/** Import rules and cycles of sdk/ and provider/: reports violations of the rules in `.dependency-cruiser.cjs`. */
import { createRequire } from "node:module";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", "..");
const { forbidden, options } = createRequire(import.meta.url)(path.join(root, ".dependency-cruiser.cjs"));

process.chdir(root);
const result = await cruise(["sdk", "provider"], { ...options, ruleSet: { forbidden }, validate: true }, undefined, {
  tsConfig: extractTSConfig(path.join(root, options.tsConfig.fileName)),
});
if (typeof result.output === "string") throw new Error("dependency-cruiser reported text instead of a result.");
const { modules, summary } = result.output;
const own = modules.filter(({ source }) => /^(sdk|provider)\//.test(source));
const imports = own.reduce((sum, { dependencies }) => sum + dependencies.length, 0);
const cycles = summary.violations.filter(({ type }) => type === "cycle");
const others = summary.violations.filter(({ type }) => type !== "cycle");

for (const { from, cycle } of cycles) console.log(`cycle: ${[from, ...cycle.map(({ name }) => name)].join(" → ")}`);
for (const { from, to, rule } of others) {
  const { comment } = forbidden.find(({ name }) => name === rule.name);
  console.log(`${from} → ${to}: ${rule.name}. ${comment}`);
}
console.log(`${own.length} modules, ${imports} imports: ${cycles.length} cycles, ${others.length} forbidden imports`);
process.exitCode = summary.violations.length === 0 ? 0 : 1;
