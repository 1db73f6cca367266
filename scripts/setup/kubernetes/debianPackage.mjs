/**
 * Files of Debian packages that are used without being installed: an installed server would also start as a system service.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { rootPrefix } from "../systemTools.mjs";
import { SetupError, step } from "../terminal.mjs";
import { findTool, lastLines, runTool } from "../tool.mjs";

/**
 * Downloads a package with apt-get and copies one of its files. The file is renamed into place when it is complete. Needs no
 * root, unless apt-get has no list of packages yet.
 *
 * @param {object} options
 * @param {string} options.debianPackage such as `etcd-server`
 * @param {string} options.file path in the package, such as `usr/bin/etcd`
 * @param {string} options.target path of the copy; its folder exists
 * @param {string} options.alternative what to put on PATH instead, for the hint
 */
export async function copyFromDebianPackage({ debianPackage, file, target, alternative }) {
  const hint = `Put ${alternative} on PATH, then run this again.`;
  if (findTool("apt-get") === undefined || findTool("dpkg-deb") === undefined)
    throw new SetupError(`Missing on this machine: ${path.basename(file)}.`, hint);
  await step(`${path.basename(file)} (apt-get download ${debianPackage})`, async () => {
    const draft = await fs.promises.mkdtemp(path.join(path.dirname(target), ".draft-"));
    try {
      const download = () => runTool("apt-get", ["download", debianPackage], { cwd: draft });
      let result = await download();
      if (result.code !== 0) {
        const prefix = await rootPrefix();
        if (prefix !== undefined) await runTool("env", [...prefix, "apt-get", "update"]);
        result = await download();
      }
      const archive = (await fs.promises.readdir(draft)).find((name) => name.endsWith(".deb"));
      if (result.code === 0 && archive !== undefined)
        result = await runTool("dpkg-deb", ["-x", archive, "content"], { cwd: draft });
      if (result.code !== 0 || archive === undefined)
        throw new SetupError(`apt-get did not download ${debianPackage}.`, hint, lastLines(result.output));
      await fs.promises.rename(path.join(draft, "content", file), target);
    } finally {
      await fs.promises.rm(draft, { recursive: true, force: true });
    }
  });
}
