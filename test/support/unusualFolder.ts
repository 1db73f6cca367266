/** A folder with everything that a root file system may contain. */
import * as fs from "node:fs/promises";
import * as path from "node:path";

/** Fills a new folder: hard links, links that dangle or climb above the root, unusual names and modes, empty and large things. */
export async function makeUnusualFolder(folder: string): Promise<void> {
  const at = (name: string): string => path.join(folder, name);
  for (const name of ["empty", "deep/er/est", "many", "tmp"]) await fs.mkdir(at(name), { recursive: true });
  await fs.chmod(at("tmp"), 0o1777);
  await fs.writeFile(at("tool"), Buffer.alloc(100_003, "tool"));
  await fs.chmod(at("tool"), 0o755);
  await fs.link(at("tool"), at("deep/hard link"));
  await fs.link(at("tool"), at("deep/er/est/hard"));
  await fs.symlink("/tool", at("absolute"));
  await fs.symlink("../../../etc/passwd", at("deep/climbs"));
  await fs.symlink("nowhere", at("dangles"));
  await fs.symlink("deep/er", at("folder"));
  await fs.writeFile(at("nothing"), "");
  await fs.writeFile(at("block"), Buffer.alloc(4096, "b"));
  await fs.writeFile(at("five"), Buffer.alloc(5000, "5"), { mode: 0o640 });
  for (const name of ["é", "😀", "\uFFEE", "line\nbreak", "!before the dot", "n".repeat(255)])
    await fs.writeFile(at(name), name);
  for (let i = 0; i < 300; i++) await fs.writeFile(at(`many/a-rather-long-name-${i}`), String(i));
  await fs.writeFile(at("sparse"), "start");
  await fs.truncate(at("sparse"), 3 * 2 ** 20 + 1);
}
