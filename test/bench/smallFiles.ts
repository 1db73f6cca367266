/** Many small files in folders of two levels, like those of a node_modules. */
import * as fs from "node:fs";
import * as path from "node:path";

/** Writes up to 3 KB to each of `count` files in up to 500 folders. */
export function writeSmallFiles(folder: string, count: number): void {
  for (let index = 0; index < count; index++) {
    const inner = path.join(folder, `d${index % 25}`, `e${Math.floor(index / 25) % 20}`);
    if (index < 500) fs.mkdirSync(inner, { recursive: true });
    fs.writeFileSync(path.join(inner, `file-${index}.js`), "x".repeat(100 + ((index * 7) % 3000)));
  }
}
