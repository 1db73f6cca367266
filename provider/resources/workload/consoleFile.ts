/** The console log of a replica that goes: a file that only this user can read, where the log must not be printed. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { createFolder, writeFileAtomic } from "../../base/files";

/** How many are kept. */
const MAX_FILES = 20;

/** Writes the log of an instance into `folder`, and removes the oldest logs there. Returns the file. Throws file system errors. */
export async function writeConsoleFile(folder: string, instance: string, log: string): Promise<string> {
  await createFolder(folder);
  const file = path.join(folder, `${instance}.log`);
  await writeFileAtomic(file, log, 0o600);
  await removeOldest(folder);
  return file;
}

async function removeOldest(folder: string): Promise<void> {
  const names = (await fs.readdir(folder)).filter((name) => name.endsWith(".log") && !name.startsWith("."));
  if (names.length <= MAX_FILES) return;
  const files = await Promise.all(
    names.map(async (name) => ({ name, writtenAt: (await fs.stat(path.join(folder, name))).mtimeMs })),
  );
  const oldest = files.toSorted((a, b) => a.writtenAt - b.writtenAt).slice(0, -MAX_FILES);
  await Promise.all(oldest.map(({ name }) => fs.rm(path.join(folder, name), { force: true })));
}
