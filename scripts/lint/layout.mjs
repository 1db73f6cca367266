/** Checks the size of folders and files in sdk/, provider/ and scripts/. Exceptions need a reason in the lists below. */
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Entries of a folder: files and subfolders. */
const [MIN_ENTRIES, MAX_ENTRIES] = [3, 15];
/** Lines of a .ts file. */
const MIN_LINES = 15;

/** Folders with fewer or more entries, and why. */
const FOLDER_EXCEPTIONS = new Map([
  ["sdk", "one file per resource, which programs import from one place"],
  ["provider/pulumi", "what a preview checks, one file per question, beside the entry points of the program's process"],
  ["provider/image", "one folder per format and per step, and two files that several of them need"],
  ["provider/base", "nothing to group by: each file is one helper that any other folder may import"],
  [
    "provider/platform",
    "the daemon's own files beside one folder per subject; a folder for them would only add a level",
  ],
  ["provider/platform/instances", "the actor and what it owns; its steps are already in the four subfolders"],
  ["provider/platform/validation", "the texts for invalid requests, which are not HTTP; only http/ uses them so far"],
  [
    "provider/resources/service",
    "one file per step of a Service's lifecycle; the rollout itself is in provider/rollout",
  ],
  ["scripts/lint", "one script per rule of `npm run lint` that ESLint does not have"],
  ["scripts/setup/actionlint", "a Go module, which consists of go.mod and go.sum"],
  ["scripts/setup/buildkit", "a Go module, which consists of go.mod and go.sum"],
  ["scripts/setup/engine", "a Go module, which consists of go.mod and go.sum"],
]);

/** Shorter .ts files, and why. */
const FILE_EXCEPTIONS = new Map([
  ["sdk/environment.ts", "the one file of sdk/ that may read the environment"],
  ["sdk/testing/index.ts", "the entry point `pulumi-unikernel/testing`"],
  ["provider/base/hostNames.ts", "the names of hosts; used by client, image/registry, resources and functions"],
  ["provider/base/formatNumber.ts", "used by resources and rules of several kinds, which share no other file"],
  ["provider/base/mutex.ts", "a self-contained class"],
  ["provider/base/objects.ts", "used in every layer, so it cannot live in one of them"],
  ["provider/cli/main.ts", "the entry point of the command, whose work is where a test can call it"],
  ["provider/cli/local/machine/linger.ts", "a fact of the machine that `doctor` and `up --at-login` both need"],
  [
    "provider/client/apiResponse.ts",
    "a type of client.ts and items.ts; in either file, the two would import each other",
  ],
  ["provider/contract/hostAccess.ts", "names that the platform and a preview both know"],
  ["provider/contract/imageUrl.ts", "one format of the contract, read throughout the platform"],
  ["provider/contract/models/envelope.ts", "models/ has one file per object of the API"],
  ["provider/resources/common/deleteLock.ts", "common/ has one file per rule that resources share"],
  ["provider/resources/common/reference.ts", "common/ has one file per rule that resources share"],
]);

/** @param {string} folder @returns {string[]} the folder and its subfolders, relative to the root */
function foldersBelow(folder) {
  const children = fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory());
  return [folder, ...children.flatMap(({ name }) => foldersBelow(`${folder}/${name}`))];
}

/** @param {string} file */
const lineCount = (file) => fs.readFileSync(path.join(root, file), "utf8").trimEnd().split("\n").length;

const folders = ["sdk", "provider", "scripts"].flatMap(foldersBelow);
const entries = new Map(folders.map((folder) => [folder, fs.readdirSync(path.join(root, folder))]));
const oddFolders = folders.filter((folder) => {
  const { length } = entries.get(folder) ?? [];
  return length < MIN_ENTRIES || length > MAX_ENTRIES;
});
const files = folders.flatMap((folder) => (entries.get(folder) ?? []).map((name) => `${folder}/${name}`));
const shortFiles = files.filter((file) => file.endsWith(".ts") && lineCount(file) < MIN_LINES);

const problems = [
  ...oddFolders
    .filter((folder) => !FOLDER_EXCEPTIONS.has(folder))
    .map((folder) => `${folder}: ${entries.get(folder)?.length} entries; split or merge it, or add a reason`),
  ...shortFiles
    .filter((file) => !FILE_EXCEPTIONS.has(file))
    .map((file) => `${file}: ${lineCount(file)} lines; merge it into a related file, or add a reason`),
  ...[...FOLDER_EXCEPTIONS.keys(), ...FILE_EXCEPTIONS.keys()]
    .filter((name) => !oddFolders.includes(name) && !shortFiles.includes(name))
    .map((name) => `${name}: this exception is no longer needed; remove it from scripts/lint/layout.mjs`),
];
for (const problem of problems) console.log(problem);
const exceptions = FOLDER_EXCEPTIONS.size + FILE_EXCEPTIONS.size;
console.log(
  `${folders.length - oddFolders.length} folders have ${MIN_ENTRIES} to ${MAX_ENTRIES} entries, ${exceptions} exceptions (${FOLDER_EXCEPTIONS.size} folders, ${FILE_EXCEPTIONS.size} files under ${MIN_LINES} lines)`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
