/** A build context that changes while its Dockerfile is built. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { UnikernelError } from "../../../../provider/base/errors";
import { planBuild } from "../../../../provider/image/build/planBuild";
import { assertContextUnchanged } from "../../../../provider/image/build/rootfsPlan";

describe("the build context of a Dockerfile, after the build", () => {
  let folder: string;
  const at = (name: string): string => path.join(folder, name);
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "context-"));
    await fs.mkdir(at("src"));
    await fs.writeFile(at("Kraftfile"), "spec: v0.7\nruntime: base:latest\nrootfs: ./Dockerfile\n");
    await fs.writeFile(at("Dockerfile"), "FROM scratch\nCOPY src /\n");
    await fs.writeFile(at("src/main.c"), "int");
    await fs.writeFile(at("notes.log"), "");
    await fs.writeFile(at(".dockerignore"), "*.log\n");
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  async function changeAfterPlan(change: () => Promise<unknown>): Promise<void> {
    const { rootfs, digests } = await planBuild({ context: folder, name: "app", scratch: folder });
    assert.ok(rootfs.type === "dockerfile");
    await change();
    await assertContextUnchanged(rootfs, { digests });
  }

  const changes: Readonly<Record<string, readonly [change: () => Promise<unknown>, names: RegExp]>> = {
    "a byte": [() => fs.writeFile(at("src/main.c"), "INT"), /built: 'src\/main\.c'\.$/],
    "an x-bit": [() => fs.chmod(at("src/main.c"), 0o755), /'src\/main\.c'/],
    "a link in place of a file": [
      () => fs.rm(at("src/main.c")).then(() => fs.symlink("/etc/hostname", at("src/main.c"))),
      /'src\/main\.c'/,
    ],
    "a FIFO in place of a file": [
      () => fs.rm(at("src/main.c")).then(() => void childProcess.execFileSync("mkfifo", [at("src/main.c")])),
      /'src\/main\.c'/,
    ],
    "a new file": [() => fs.writeFile(at("src/new.c"), ""), /'src\/new\.c'/],
    "a removed file": [() => fs.rm(at("src/main.c")), /'src\/main\.c'/],
    "the Dockerfile": [() => fs.appendFile(at("Dockerfile"), "ENV A=b\n"), /'Dockerfile'/],
    "many files": [
      () => Promise.all(["a", "b", "c", "d"].map((name) => fs.writeFile(at(`src/${name}`), ""))),
      /'src\/a', 'src\/b', 'src\/c' and others/,
    ],
  };
  for (const [what, [change, names]] of Object.entries(changes)) {
    it(`fails the build if this changed: ${what}`, async () => {
      await assert.rejects(changeAfterPlan(change), (error) => {
        assert.ok(UnikernelError.has(error, "CONTEXT_INVALID"));
        assert.match(error.message, names);
        return true;
      });
    });
  }

  it("may change where .dockerignore covers it", async () => {
    await changeAfterPlan(() => fs.writeFile(at("notes.log"), "changed"));
  });
});
