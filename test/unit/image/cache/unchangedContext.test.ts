import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { localPaths } from "../../../../provider/base/localPaths";
import { type BuildInputs, findSources, planFound } from "../../../../provider/image/build/planBuild";
import {
  type ContextInputs,
  contextKey,
  findUnchangedHash,
  saveObservations,
} from "../../../../provider/image/cache/unchangedContext";
import { FolderObserver } from "../../../../provider/image/rootfs/folderObserver";
import { useCacheFolder } from "../../../support/cacheFolder";

/** Nothing has changed shortly before a look at this time. */
const LATER = { now: () => Date.now() + 60_000 };
const KRAFTFILE = "spec: v0.7\nruntime: base:latest\nroms: [./rom]\nrootfs: ";

describe("an image context that was planned before", () => {
  const folder = useCacheFolder();
  const at = (name: string): string => path.join(folder.path, "app", name);
  const hashKey = new Uint8Array(32).fill(7);

  const inputsOf = async (others: unknown = null, key: Uint8Array | undefined = hashKey): Promise<ContextInputs> => {
    const found = await findSources({ context: at("") });
    return { found, others, hashKey: key };
  };
  const hashOf = async (observer: FolderObserver): Promise<string> => {
    const inputs: BuildInputs = { context: at(""), name: "shop", scratch: folder.path, hashKey, observer };
    const { found } = await inputsOf();
    return (await planFound(found, inputs)).contextHash;
  };
  /** Plans and remembers; the context hash. */
  const plan = async (clock: Pick<typeof LATER, "now"> = LATER): Promise<string> => {
    const observer = new FolderObserver(clock);
    const hash = await hashOf(observer);
    const key = contextKey(await inputsOf()) ?? assert.fail("no key");
    await saveObservations(key, observer, hash as `sha256:${string}`);
    return hash;
  };

  const findHash = async (inputs: ContextInputs): Promise<string | undefined> => {
    const key = contextKey(inputs);
    return key === undefined ? undefined : findUnchangedHash(key);
  };

  beforeEach(async () => {
    await fs.mkdir(at("rootfs/www/empty"), { recursive: true });
    await fs.mkdir(at("rom"));
    await fs.writeFile(at("rom/data"), "rom");
    await fs.writeFile(at("rootfs/www/page"), "hello");
    await fs.writeFile(at("rootfs/www/other"), "world");
    await fs.writeFile(at("rootfs/notes.txt"), "notes");
    await fs.symlink("page", at("rootfs/www/link"));
    await fs.writeFile(at("Dockerfile"), "FROM scratch\nCOPY rootfs /\n");
    await fs.writeFile(at(".dockerignore"), "rootfs/*.txt\nKraftfile\n.dockerignore\nDockerfile\nrom\n");
  });

  /** Changes that an image may have, whatever its root file system is. */
  const CHANGES: Readonly<Record<string, () => Promise<void>>> = {
    "another content of the same size and time": async () => {
      const { atime, mtime } = await fs.stat(at("rootfs/www/page"));
      await fs.writeFile(at("rootfs/www/page"), "HELLO");
      await fs.utimes(at("rootfs/www/page"), atime, mtime);
    },
    "another mode": () => fs.chmod(at("rootfs/www/page"), 0o755),
    "a new file": () => fs.writeFile(at("rootfs/www/new"), ""),
    "a new empty folder": () => fs.mkdir(at("rootfs/www/more")),
    "a removed file": () => fs.rm(at("rootfs/www/other")),
    "a removed folder": () => fs.rm(at("rootfs/www/empty"), { recursive: true }),
    "a renamed file": () => fs.rename(at("rootfs/www/other"), at("rootfs/www/others")),
    "two files that have changed places": async () => {
      await fs.rename(at("rootfs/www/page"), at("rootfs/www/tmp"));
      await fs.rename(at("rootfs/www/other"), at("rootfs/www/page"));
      await fs.rename(at("rootfs/www/tmp"), at("rootfs/www/other"));
    },
    "another target of a link": async () => {
      await fs.rm(at("rootfs/www/link"));
      await fs.symlink("other", at("rootfs/www/link"));
    },
    "a folder in place of a file": async () => {
      await fs.rm(at("rootfs/www/page"));
      await fs.mkdir(at("rootfs/www/page"));
    },
    "a link in place of a folder": async () => {
      await fs.rename(at("rootfs/www"), at("elsewhere"));
      await fs.symlink("../elsewhere", at("rootfs/www"));
    },
    "a hard link": () => fs.link(at("rootfs/www/page"), at("rootfs/www/linked")),
    "another file of a ROM": () => fs.writeFile(at("rom/data"), "ROM"),
    "another Kraftfile": () => fs.appendFile(at("Kraftfile"), "\ncmd: [/bin/a]\n"),
    "a second Kraftfile": async () => {
      await fs.writeFile(at("kraft.yaml"), "spec: v0.7\nruntime: base:latest\n");
      await assert.rejects(inputsOf(), /kraft\.yaml/);
      await fs.rm(at("kraft.yaml"));
      await fs.appendFile(at("Kraftfile"), "\n# once more\n");
    },
  };
  const SOURCES = { directory: "./rootfs", Dockerfile: "./Dockerfile" };
  for (const [source, rootfs] of Object.entries(SOURCES)) {
    describe(`from a ${source}`, () => {
      beforeEach(() => fs.writeFile(at("Kraftfile"), KRAFTFILE + rootfs));

      it("has the same hash while nothing changes", async () => {
        const hash = await plan();
        assert.equal(await findHash(await inputsOf()), hash);
        await fs.readFile(at("rootfs/www/page"));
        assert.equal(await findHash(await inputsOf()), hash);
      });

      for (const [change, make] of Object.entries(CHANGES)) {
        it(`is planned again with ${change}`, async () => {
          await plan();
          await make();
          assert.equal(await findHash(await inputsOf()), undefined);
        });
      }

      it("is planned again with other inputs, another key or none, and a damaged cache", async () => {
        const hash = await plan();
        assert.equal(await findHash(await inputsOf({ preserveModes: true })), undefined);
        assert.equal(await findHash(await inputsOf(null, new Uint8Array(32))), undefined);
        assert.equal(await findHash({ ...(await inputsOf()), hashKey: undefined }), undefined);
        assert.equal(await findHash(await inputsOf()), hash);
        const saved = path.join(localPaths().imageCacheDir, "observations");
        const [name = "", ...more] = await fs.readdir(saved);
        assert.deepEqual(more, []);
        const bytes = await fs.readFile(path.join(saved, name));
        bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
        await fs.writeFile(path.join(saved, name), bytes);
        assert.equal(await findHash(await inputsOf()), undefined);
      });

      it("is not remembered if it changed within the last two seconds", async () => {
        await plan({ now: () => Date.now() });
        assert.equal(await findHash(await inputsOf()), undefined);
      });
    });
  }

  it("from a Dockerfile is the same with another content of an ignored file, and another with other ignored files", async () => {
    await fs.writeFile(at("Kraftfile"), KRAFTFILE + SOURCES.Dockerfile);
    const hash = await plan();
    await fs.writeFile(at("rootfs/notes.txt"), "more");
    assert.equal(await findHash(await inputsOf()), hash);
    await fs.appendFile(at(".dockerignore"), "rootfs/www/other\n");
    assert.equal(await findHash(await inputsOf()), undefined);
    assert.notEqual(await plan(), hash);
  });
});
