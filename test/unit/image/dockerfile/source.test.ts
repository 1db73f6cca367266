import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { UnikernelError } from "../../../../provider/base/errors";
import { hashBuildContext } from "../../../../provider/image/dockerfile/context/hashContext";
import { toPortableIgnoreFile } from "../../../../provider/image/dockerfile/context/portableIgnoreFile";
import { readDockerfileSource } from "../../../../provider/image/dockerfile/context/source";
import { parseInstructions, secretUses } from "../../../../provider/image/dockerfile/instructions";
import { type SecretSource, readSecrets, writeSecretFiles } from "../../../../provider/image/dockerfile/secrets";
import { createOwnFolder, createWorkFolder } from "../../../../provider/image/dockerfile/workFolder";

describe("a Dockerfile source", () => {
  let folder: string;
  const file = (name: string): string => path.join(folder, name);
  const write = (name: string, content: string, mode = 0o644): void => {
    fs.mkdirSync(path.dirname(file(name)), { recursive: true });
    fs.writeFileSync(file(name), content);
    fs.chmodSync(file(name), mode);
  };
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "dockerfile-"));
    write("Dockerfile", "FROM scratch\nCOPY . /\n");
    write("src/a.txt", "a");
    write("src/run", "x", 0o755);
    write("b.txt", "b");
    fs.symlinkSync("b.txt", file("link"));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const hash = async (
    options: Parameters<typeof hashBuildContext>[1] = {},
    secrets: Readonly<Record<string, SecretSource>> = {},
    dockerfile = "Dockerfile",
  ) => hashBuildContext(await readDockerfileSource(folder, dockerfile), options, await readSecrets(secrets));

  describe("its context hash", () => {
    it("changes with every input of the build", async () => {
      const changes: readonly (() => void)[] = [
        () => write("Dockerfile", "FROM scratch\nCOPY . /x\n"),
        () => write("src/a.txt", "b"),
        () => fs.renameSync(file("src/a.txt"), file("src/b.txt")),
        () => fs.chmodSync(file("src/run"), 0o644),
        () => fs.mkdirSync(file("empty")),
        () => {
          fs.rmSync(file("link"));
          fs.symlinkSync("src/a.txt", file("link"));
        },
        () => write(".dockerignore", "b.txt"),
      ];
      const seen = new Set([(await hash()).contextHash]);
      for (const change of changes) {
        change();
        seen.add((await hash()).contextHash);
      }
      for (const options of [
        { target: "x" },
        { platform: "linux/arm64" },
        { buildArgs: { A: "1" } },
        { buildArgs: { A: "2" } },
      ])
        seen.add((await hash(options)).contextHash);
      assert.equal(seen.size, changes.length + 5);
    });

    it("does not change with times, other modes, ignored files or the order of build arguments", async () => {
      write(".dockerignore", "*.log\nnode_modules\n");
      const { contextHash, fileCount } = await hash({ buildArgs: { A: "1", B: "2" } });
      assert.equal(fileCount, 5);
      fs.utimesSync(file("b.txt"), 1, 1);
      fs.chmodSync(file("b.txt"), 0o600);
      write("x.log", "x");
      write("node_modules/x/y.js", "x");
      const again = await hash({ buildArgs: { B: "2", A: "1" } });
      assert.deepEqual([again.contextHash, again.fileCount, again.secretsHash], [contextHash, fileCount, undefined]);
    });

    it("does not contain secrets, whose hash changes with them", async () => {
      const one = await hash({}, { t: { value: "one" } });
      const two = await hash({}, { t: { value: "two" } });
      assert.equal(one.contextHash, two.contextHash);
      assert.equal(one.contextHash, (await hash()).contextHash);
      assert.ok(one.secretsHash !== undefined && one.secretsHash !== two.secretsHash);
      const both = { a: { value: "1" }, t: { value: "2" } };
      assert.equal((await hash({}, both)).secretsHash, (await hash({}, { t: both.t, a: both.a })).secretsHash);
    });

    it("never opens a FIFO, and reads nothing through links", async () => {
      childProcess.execFileSync("mkfifo", [file("pipe")]);
      fs.symlinkSync("/etc", file("etc"));
      assert.equal((await hash()).fileCount, 4);
    });

    it("is cancelled in the middle of a file", async () => {
      write("sparse", "");
      fs.truncateSync(file("sparse"), 2 ** 33);
      const source = await readDockerfileSource(folder, "Dockerfile");
      const signal = AbortSignal.timeout(50);
      await assert.rejects(hashBuildContext(source, {}, new Map(), { signal }), { name: "TimeoutError" });
    });

    it("is cancelled between files", async () => {
      for (let i = 0; i < 200; i += 1) write(`many/${i}`, "");
      const source = await readDockerfileSource(folder, "Dockerfile");
      await assert.rejects(
        hashBuildContext(source, {}, new Map(), { signal: AbortSignal.abort(new Error("stop")) }),
        /^Error: stop$/,
      );
    });
  });

  describe("its files", () => {
    const invalid = (pattern: RegExp) => (error: unknown) =>
      UnikernelError.has(error, "CONTEXT_INVALID") && pattern.test(error.message);

    it("include the ignore file beside the Dockerfile, else that of the context", async () => {
      write("docker/App", "FROM scratch");
      write(".dockerignore", "a\nb");
      const patterns = async () =>
        (await readDockerfileSource(folder, "docker/App")).ignorePatterns.map(({ text }) => text);
      assert.deepEqual(await patterns(), ["a", "b"]);
      write("docker/App.dockerignore", "");
      assert.deepEqual(await patterns(), []);
    });

    it("must be readable, regular and well-formed", async () => {
      childProcess.execFileSync("mkfifo", [file("pipe")]);
      await assert.rejects(
        readDockerfileSource(folder, "nothing"),
        invalid(/^The Dockerfile 'nothing' cannot be read: ENOENT/),
      );
      await assert.rejects(readDockerfileSource(folder, "src"), invalid(/not a regular file/));
      await assert.rejects(readDockerfileSource(folder, "pipe"), invalid(/not a regular file/));
      fs.truncateSync(file("b.txt"), 4 * 2 ** 20 + 1);
      await assert.rejects(readDockerfileSource(folder, "b.txt"), invalid(/4194305 bytes, more than 4194304/));
      await assert.rejects(readDockerfileSource(folder, "../../../../../dev/zero"), invalid(/not a regular file/));
      write(".dockerignore", "ok\n[\n!");
      await assert.rejects(
        hash(),
        invalid(/^\.dockerignore:2: '\[' is not a valid pattern\.\n\.dockerignore:3: '!' needs/),
      );
      fs.rmSync(file(".dockerignore"));
      fs.mkdirSync(file(".dockerignore"));
      await assert.rejects(hash(), invalid(/\.dockerignore' cannot be read: it is not a regular file/));
    });
  });

  describe("its ignore file for podman and buildah", () => {
    const portable = async (text: string): Promise<string> => {
      write(".dockerignore", text);
      const { ignorePatterns } = await readDockerfileSource(folder, "Dockerfile");
      return toPortableIgnoreFile(folder, ignorePatterns);
    };

    it("has the same patterns where both read them alike", async () => {
      assert.equal(
        await portable("# x\n*.log\n! ./b.txt/\n**/a+(b)\n[+].x\n\\(y"),
        "/*.log\n!/b.txt\n/**/a\\+\\(b\\)\n/[+].x\n/\\(y\n",
      );
      assert.equal(await portable(""), "");
    });

    it("lists what is ignored where they do not", async () => {
      write("d/keep.md", "");
      write("d/drop +.txt", "");
      write("only/x.txt", "");
      assert.equal(
        [...(await portable("*\n!**/*.md")).split("\n")].sort().join("\n"),
        ["", "/Dockerfile", "/\\.dockerignore", "/b\\.txt", "/d/drop?\\+\\.txt", "/link", "/only", "/src"]
          .sort()
          .join("\n"),
      );
    });
  });

  describe("its secrets", () => {
    it("come from files, variables and the program, and are written for the owner alone", async () => {
      process.env["TEST_SECRET"] = "from env";
      try {
        const values = await readSecrets({
          a: { file: file("src/a.txt") },
          b: { env: "TEST_SECRET" },
          c: { value: "é" },
        });
        const files = await writeSecretFiles(folder, values);
        assert.deepEqual(
          [...files].map(([id, name]) => [id, fs.readFileSync(name, "utf8"), fs.statSync(name).mode & 0o777]),
          [
            ["a", "a", 0o600],
            ["b", "from env", 0o600],
            ["c", "é", 0o600],
          ],
        );
      } finally {
        delete process.env["TEST_SECRET"];
      }
    });

    it("are all reported when missing or malformed", async () => {
      const sources = {
        a: { file: file("nothing") },
        b: { env: "TEST_NO_SUCH_VARIABLE" },
        "c,d": { value: "x" },
        e: { value: "x".repeat(512_001) },
        f: { file: folder },
      };
      await assert.rejects(readSecrets(sources), (error) => {
        assert.ok(UnikernelError.has(error, "INPUT_INVALID"));
        const lines = error.message.split("\n");
        assert.equal(lines.length, 5);
        assert.match(
          lines[0] ?? "",
          /^The build secret 'a' comes from the file '.*nothing', which cannot be read: ENOENT/,
        );
        assert.equal(
          lines[1],
          "The build secret 'b' comes from the environment variable TEST_NO_SUCH_VARIABLE, which is not set.",
        );
        assert.match(lines[2] ?? "", /^The build secret 'c,d' has an invalid id/);
        assert.equal(lines[3], "The build secret 'e' has 512001 bytes; a build accepts up to 512000.");
        assert.match(lines[4] ?? "", /it is not a regular file\.$/);
        return true;
      });
    });
  });

  describe("its temporary folders", () => {
    it("are private, and those of ended processes are removed", async () => {
      const ended = childProcess.spawnSync("true").pid;
      fs.mkdirSync(file(`w/x-${ended}-abc`), { recursive: true });
      fs.mkdirSync(file(`w/y-${ended}-abc`));
      fs.symlinkSync(folder, file(`w/x-${ended}-link`));
      const own = await createWorkFolder(file("w"), "x-");
      assert.equal(fs.statSync(own).mode & 0o777, 0o700);
      assert.deepEqual(
        fs.readdirSync(file("w")).sort(),
        [path.basename(own), `x-${ended}-link`, `y-${ended}-abc`].sort(),
      );
      await createWorkFolder(file("w"), "x-");
      assert.ok(fs.existsSync(own));
    });

    it("with a fixed name must not be another's", async () => {
      await createOwnFolder(file("own"));
      fs.symlinkSync("own", file("foreign"));
      await assert.rejects(createOwnFolder(file("foreign")), /belongs to another user/);
    });
  });

  describe("its instructions", () => {
    it("are joined and numbered as the builder does", () => {
      const text =
        "# syntax=x\n# comment\nfrom a \\\n  # comment\n\n  as b\n\nRUN <<EOF cat <<-'END'\none \\\nEOF\nFROM no\n\tEND\nCOPY a b";
      assert.deepEqual(parseInstructions(text), [
        { keyword: "FROM", text: "a as b", line: 3, hasHeredoc: false },
        { keyword: "RUN", text: "<<EOF cat <<-'END'", line: 8, hasHeredoc: true },
        { keyword: "COPY", text: "a b", line: 13, hasHeredoc: false },
      ]);
    });

    it("may end lines with another escape character", () => {
      assert.deepEqual(
        parseInstructions("# escape=`\nRUN a `\n b\\\nRUN c").map(({ text }) => text),
        ["a b\\", "c"],
      );
      assert.deepEqual(parseInstructions("RUN a \\").length, 1);
      assert.deepEqual(parseInstructions("\n# only\n"), []);
      assert.deepEqual(parseInstructions("RUN <<EOF\nnever ends").length, 1);
    });

    it("name the secrets they mount", () => {
      const text =
        "RUN --mount=type=secret,id=a,required=true --mount=type=cache,id=c --mount=target=/x/b,type=secret x\nRUN --mount=type=secret,id=$V y\nCOPY --mount=type=secret,id=d x y";
      assert.deepEqual(secretUses(parseInstructions(text)), [
        { id: "a", line: 1 },
        { id: "b", line: 1 },
      ]);
    });
  });
});
