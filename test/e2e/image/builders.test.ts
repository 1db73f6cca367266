/** Dockerfiles, built by real builders: BuildKit from the set-up, and Debian's buildah. */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { UnikernelError, formatError } from "../../../provider/base/errors";
import { type DockerfileBuild, buildDockerfile, removeBuild } from "../../../provider/image/dockerfile/buildDockerfile";
import { parseImageConfig } from "../../../provider/image/dockerfile/metadata/imageConfig";
import { type TestDaemon, findBuildKit, requireTool, startBuildKit } from "../../support/builders";
import { type DockerRegistry, startDockerRegistry } from "../../support/dockerRegistry";
import { CONTEXT_FILES, IGNORE_CASES } from "../../support/ignoreCases";
import { type LayoutContent, readLayout } from "../../support/ociLayoutTree";

const BUILDERS = ["buildkit", "buildah"] as const;
const SECRET = "s3cr3t-Value-42";
const variables = [
  "BUILDKIT_HOST",
  "UNIKERNEL_BUILDER",
  "UNIKERNEL_CACHE_DIR",
  "XDG_RUNTIME_DIR",
  "PATH",
  "DOCKER_CONFIG",
] as const;

describe("a Dockerfile", () => {
  const before_ = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
  let folder: string;
  let buildKit: TestDaemon;
  let registry: DockerRegistry;
  let base: string;

  before(async function () {
    this.timeout(900_000); // the set-up may have to compile BuildKit
    const tools = findBuildKit();
    requireTool("buildah");
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "dockerfiles-"));
    buildKit = await startBuildKit(tools);
    registry = await startDockerRegistry();
    process.env["BUILDKIT_HOST"] = buildKit.address;
    process.env["UNIKERNEL_CACHE_DIR"] = path.join(folder, "cache");
    process.env["XDG_RUNTIME_DIR"] = path.join(folder, "run");
    process.env["PATH"] = `${tools}:${process.env["PATH"] ?? ""}`;
    base = await pushBaseImage();
  });
  after(async () => {
    for (const name of variables) {
      if (before_[name] === undefined) delete process.env[name];
      else process.env[name] = before_[name];
    }
    await buildKit.stop();
    await registry[Symbol.asyncDispose]();
    fs.rmSync(folder, { recursive: true });
  });

  /** Writes a context and returns its folder. */
  function writeContext(name: string, files: Readonly<Record<string, string>>): string {
    const context = path.join(folder, name);
    for (const [file, content] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(context, file)), { recursive: true });
      fs.writeFileSync(path.join(context, file), content);
    }
    return context;
  }

  /** Builds with one builder and reads the result. */
  async function build(
    builder: string,
    options: Omit<DockerfileBuild, "dockerfile"> & { readonly dockerfile?: string },
  ): Promise<LayoutContent> {
    process.env["UNIKERNEL_BUILDER"] = builder;
    const result = await buildDockerfile({ dockerfile: "Dockerfile", ...options });
    try {
      assert.equal(result.builder, builder);
      return await readLayout(result.ociLayout);
    } finally {
      await removeBuild(result);
    }
  }

  /** A base image with a shell, in the registry. */
  async function pushBaseImage(): Promise<string> {
    const context = writeContext("base", { Dockerfile: "FROM scratch\nCOPY bin /bin\nENV BASE=yes\nWORKDIR /base\n" });
    fs.mkdirSync(path.join(context, "bin"));
    fs.copyFileSync(requireTool("busybox"), path.join(context, "bin", "busybox"));
    for (const name of ["sh", "cat", "cp", "echo", "sleep", "wc"])
      fs.symlinkSync("busybox", path.join(context, "bin", name));
    process.env["UNIKERNEL_BUILDER"] = "buildkit";
    const result = await buildDockerfile({ contextFolder: context, dockerfile: "Dockerfile" });
    const reference = `${registry.host}/team/base:1`;
    const args = ["copy", "--dest-tls-verify=false", `oci:${result.ociLayout}`, `docker://${reference}`];
    childProcess.execFileSync(requireTool("skopeo"), args, { stdio: "pipe" });
    await removeBuild(result);
    return reference;
  }

  /** What the builders may differ in: buildah keeps Docker's empty fields. */
  const normalised = ({ tree, config }: LayoutContent): object => ({ tree, config: parseImageConfig(config) });

  /** No temporary file, container or mount outlives a build. */
  function assertNothingLeft(): void {
    assert.deepEqual(fs.readdirSync(path.join(folder, "cache", "builds")), []);
    const inMemory = fs.readdirSync(path.join(folder, "run"));
    assert.deepEqual(
      inMemory.filter((name) => name.includes("secrets")),
      [],
    );
    const containers = path.join(folder, "cache", "containers");
    assert.ok(!fs.readFileSync("/proc/mounts", "utf8").includes(containers));
    const [listed] = fs.globSync(path.join(containers, "*-containers", "containers.json"));
    if (listed !== undefined) assert.deepEqual(JSON.parse(fs.readFileSync(listed, "utf8")), []);
  }

  it("FROM scratch with COPY gives the same tree and config with every builder", async () => {
    const context = writeContext("scratch", {
      "docker/App.Dockerfile":
        'FROM scratch\nCOPY . /srv/\nENV A=1\nLABEL team=web\nENTRYPOINT ["/srv/run"]\nCMD ["-v"]\n',
      "docker/App.Dockerfile.dockerignore": "docker\n*.log\n",
      ".dockerignore": "run\n", // the one beside the Dockerfile takes precedence
      run: "#!/bin/sh\n",
      "debug.log": "no",
      "www/index.html": "<h1>",
    });
    fs.chmodSync(path.join(context, "run"), 0o755);
    fs.chmodSync(path.join(context, "www/index.html"), 0o640);
    fs.symlinkSync("www/index.html", path.join(context, "home"));
    const results = [];
    for (const builder of BUILDERS)
      results.push(await build(builder, { contextFolder: context, dockerfile: "docker/App.Dockerfile" }));
    const [first, ...others] = results.map(normalised);
    for (const other of others) assert.deepEqual(other, first);
    const { tree, config } = results[0] ?? assert.fail();
    assert.deepEqual(Object.keys(tree), [
      "srv",
      "srv/.dockerignore",
      "srv/home",
      "srv/run",
      "srv/www",
      "srv/www/index.html",
    ]);
    assert.equal(tree["srv/run"], "file 755 0:0 #!/bin/sh\n");
    assert.equal(tree["srv/www/index.html"], "file 640 0:0 <h1>");
    assert.equal(tree["srv/home"], "symlink 777 0:0 www/index.html");
    const { entrypoint, cmd, labels, env } = parseImageConfig(config);
    assert.deepEqual(
      { entrypoint, cmd, labels, a: env["A"] },
      { entrypoint: ["/srv/run"], cmd: ["-v"], labels: { team: "web" }, a: "1" },
    );
  });

  it("is built with a folder of Docker's configuration that has no file", async () => {
    const context = writeContext("no-logins", { Dockerfile: "FROM scratch\nCOPY app /app\n", app: "app" });
    process.env["DOCKER_CONFIG"] = path.join(folder, "no-config");
    try {
      for (const builder of BUILDERS) {
        const { tree } = await build(builder, { contextFolder: context });
        assert.deepEqual(Object.keys(tree), ["app"], builder);
      }
    } finally {
      if (before_["DOCKER_CONFIG"] === undefined) delete process.env["DOCKER_CONFIG"];
      else process.env["DOCKER_CONFIG"] = before_["DOCKER_CONFIG"];
    }
  });

  it("two stages from a registry's base image, with build arguments and secrets", async () => {
    const context = writeContext("stages", {
      Dockerfile: [
        "ARG BASE",
        "FROM ${BASE} AS build",
        "ARG GREETING=none",
        "RUN --mount=type=secret,id=token wc -c < /run/secrets/token > /length && echo token $(cat /run/secrets/token)",
        'RUN echo "$GREETING" > /greeting',
        "FROM ${BASE} AS final",
        "COPY --from=build /greeting /length /out/",
        'HEALTHCHECK CMD ["/bin/sh"]',
        "USER 1000",
        "FROM scratch AS unused",
      ].join("\n"),
    });
    process.env["TEST_BUILD_TOKEN"] = SECRET;
    const secretFile = path.join(folder, "token");
    fs.writeFileSync(secretFile, SECRET);
    const sources = [{ value: SECRET }, { env: "TEST_BUILD_TOKEN" }, { file: secretFile }];
    const results = [];
    try {
      for (const [index, builder] of BUILDERS.entries()) {
        const steps: string[] = [];
        const content = await build(builder, {
          contextFolder: context,
          target: "final",
          buildArgs: { BASE: base, GREETING: 'a, b=c "d"' },
          secrets: { token: sources[index] ?? assert.fail() },
          platform: "linux/amd64",
          noCache: true,
          onProgress: (step) => steps.push(step),
        });
        results.push(content);
        assert.ok(
          steps.some((step) => /stage (build|1\/2), step \d\/\d: RUN echo "/.test(step)),
          steps.join("\n"),
        );
        assert.ok(!steps.join("\n").includes(SECRET));
        assert.ok(!JSON.stringify(content).includes(SECRET));
      }
    } finally {
      delete process.env["TEST_BUILD_TOKEN"];
    }
    const [first, ...others] = results.map(normalised);
    for (const other of others) assert.deepEqual(other, first);
    const { tree, config } = results[0] ?? assert.fail();
    assert.equal(tree["out/greeting"], 'file 644 0:0 a, b=c "d"\n');
    assert.equal(tree["out/length"], `file 644 0:0 ${SECRET.length}\n`);
    assert.match(tree["bin/sh"] ?? "", /^symlink 777 0:0 busybox$/);
    const { env, workingDir, user, hasHealthcheck } = parseImageConfig(config);
    assert.deepEqual(
      { base: env["BASE"], workingDir, user, hasHealthcheck },
      { base: "yes", workingDir: "/base", user: "1000", hasHealthcheck: true },
    );
  });

  for (const builder of BUILDERS) {
    it(`${builder}: a failing step ends with its last lines, secrets masked`, async () => {
      const run =
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do echo line $i; done; echo token $(cat /run/secrets/t); exit 7";
      const context = writeContext(`failing-${builder}`, {
        Dockerfile: `FROM ${base}\nRUN echo fine\nRUN --mount=type=secret,id=t ${run}\n`,
      });
      const error: unknown = await build(builder, { contextFolder: context, secrets: { t: { value: SECRET } } }).catch(
        (e: unknown) => e,
      );
      assert.ok(UnikernelError.has(error, "BUILD_FAILED"), formatError(error));
      assert.match(
        error.message,
        /^The build of 'Dockerfile' with \w+ [\d.]+ failed at step 3\/3: RUN --mount=type=secret/,
      );
      assert.match(error.message, /\n {2}\| line 25\n {2}\| token \[secret\]\n/);
      assert.match(error.message, /exit (code|status):? 7/);
      assert.doesNotMatch(error.message, /line 1\n/);
      assert.ok(!error.message.includes(SECRET));
      assertNothingLeft();
    });

    it(`${builder}: cancelling leaves no process, container or file`, async () => {
      const context = writeContext(`cancelled-${builder}`, {
        Dockerfile: `FROM ${base}\nRUN --mount=type=secret,id=t sleep 7531\n`,
      });
      const controller = new AbortController();
      const reason = new UnikernelError("CANCELLED", "The test cancels.");
      const startedAt = Date.now();
      const building = build(builder, {
        contextFolder: context,
        secrets: { t: { value: SECRET } },
        signal: controller.signal,
        onProgress: (step) => {
          if (step.includes("sleep 7531")) setTimeout(() => controller.abort(reason), 500);
        },
      });
      await assert.rejects(building, reason);
      assert.ok(Date.now() - startedAt < 30_000);
      for (let i = 0; processesWith("sleep 7531").length > 0 && i < 100; i += 1) await delay(100);
      assert.deepEqual(processesWith("sleep 7531"), []);
      assertNothingLeft();
    });

    it(`${builder}: leaves out what the ignore file says`, async function () {
      this.timeout(600_000);
      const context = writeContext("ignoring/context", Object.fromEntries(CONTEXT_FILES.map((file) => [file, file])));
      const dockerfile = "../App.Dockerfile";
      fs.writeFileSync(path.join(context, dockerfile), "FROM scratch\nCOPY . /\n");
      for (const { name, file, ignored } of IGNORE_CASES) {
        fs.writeFileSync(path.join(context, `${dockerfile}.dockerignore`), file);
        const { tree } = await build(builder, { contextFolder: context, dockerfile });
        const files = Object.keys(tree).filter((entry) => tree[entry]?.startsWith("file"));
        assert.deepEqual(
          files,
          CONTEXT_FILES.filter((entry) => !ignored.includes(entry)),
          name,
        );
      }
    });
  }

  it("with here-documents is refused by an old buildah, and built by BuildKit", async () => {
    const context = writeContext("heredoc", { Dockerfile: "FROM scratch\nCOPY <<EOF /greeting\nhello\nEOF\n" });
    assert.equal((await build("buildkit", { contextFolder: context })).tree["greeting"], "file 644 0:0 hello\n");
    const version = childProcess.execFileSync("buildah", ["--version"], { encoding: "utf8" });
    const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? [];
    if (Number(major) > 1 || Number(minor) >= 33) {
      assert.equal((await build("buildah", { contextFolder: context })).tree["greeting"], "file 644 0:0 hello\n");
      return;
    }
    await assert.rejects(build("buildah", { contextFolder: context }), (error) => {
      assert.ok(UnikernelError.has(error, "NOT_SUPPORTED"));
      assert.match(error.message, /^buildah 1\.\d+\.\d+ does not know here-documents, which Dockerfile:2 uses\.$/);
      return true;
    });
  });
});

/** Processes whose command line contains a text. */
function processesWith(text: string): readonly string[] {
  return fs.readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").includes(text);
    } catch {
      return false; // it has ended
    }
  });
}
