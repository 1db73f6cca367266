/** Builders of Dockerfiles and `kraft` as this package calls them: shell scripts in their place record the calls and answer as the tools do. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { UnikernelError } from "../../../provider/base/errors";
import { runTool } from "../../../provider/base/exec";
import { compileKernel } from "../../../provider/image/build/kernel/compileKernel";
import { buildDockerfile, removeBuild } from "../../../provider/image/dockerfile/buildDockerfile";
import { processStartTime } from "../../../provider/base/processIdentity";
import { readLayout } from "../../support/ociLayoutTree";

const VARIABLES = [
  "BUILDKIT_HOST",
  "UNIKERNEL_BUILDER",
  "UNIKERNEL_CACHE_DIR",
  "XDG_RUNTIME_DIR",
  "PATH",
  "HOME",
  "FAKE",
] as const;

/** Writes `dir:` and `docker-dir` images as podman and buildah do: config, one layer (twice) and a manifest, named by digest. */
const SAVE_FOLDER = `
put() { n=$(sha256sum < "$1" | cut -d' ' -f1); mv "$1" "$out/$n"; }
mkdir -p "$out"; mkdir -p "$FAKE/t"; echo hello > "$FAKE/t/greeting"
tar -C "$FAKE/t" --mtime=@0 -cf "$out/layer" greeting; put "$out/layer"; layer=$n; size=$(stat -c %s "$out/$n")
printf '{"config":{"Cmd":["/greeting"],"Healthcheck":{"Test":["CMD","x"]}}}' > "$out/c"; put "$out/c"; config=$n; csize=$(stat -c %s "$out/$n")
l="{\\"mediaType\\":\\"application/vnd.docker.image.rootfs.diff.tar\\",\\"size\\":$size,\\"digest\\":\\"sha256:$layer\\"}"
printf '{"config":{"mediaType":"x","size":%s,"digest":"sha256:%s"},"layers":[%s,%s]}' $csize $config "$l" "$l" > "$out/manifest.json"
`;

const BUILD_ID = `
while [ $# -gt 0 ]; do [ "$1" = --iidfile ] && echo sha256:0123 > "$2"; shift; done
`;

describe("a tool", () => {
  const saved = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));
  let folder: string;
  let context: string;
  const bin = (): string => path.join(folder, "bin");

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "fake-tools-"));
    context = path.join(folder, "context");
    for (const name of ["bin", "context", "run", "home"]) fs.mkdirSync(path.join(folder, name));
    fs.writeFileSync(path.join(context, "Dockerfile"), "FROM localhost:5000/base\nCOPY . /\n");
    for (const name of VARIABLES) delete process.env[name];
    process.env["UNIKERNEL_CACHE_DIR"] = path.join(folder, "cache");
    process.env["XDG_RUNTIME_DIR"] = path.join(folder, "run");
    process.env["HOME"] = path.join(folder, "home");
    process.env["FAKE"] = folder;
    process.env["PATH"] = bin();
  });
  afterEach(() => {
    for (const name of VARIABLES) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
    fs.rmSync(folder, { recursive: true });
  });

  /** Puts a script on PATH; its calls go to a log, with the arguments of one call in one line. */
  function fake(name: string, script: string): void {
    const head = `#!/bin/sh\nPATH=/usr/bin:/bin\necho "${name} $*" >> "$FAKE/calls"\n`;
    fs.writeFileSync(path.join(bin(), name), `${head}${script}`, { mode: 0o755 });
  }
  const calls = (): readonly string[] =>
    fs.readFileSync(path.join(folder, "calls"), "utf8").replaceAll(folder, "$F").trimEnd().split("\n");
  const build = (options: object = {}) =>
    buildDockerfile({ contextFolder: context, dockerfile: "Dockerfile", ...options });

  describe("that builds Dockerfiles", () => {
    it("is missing: the error says what was looked for", async () => {
      await assert.rejects(build(), (error) => {
        assert.ok(UnikernelError.has(error, "BUILDER_MISSING"));
        assert.equal(
          error.message,
          "No tool that builds Dockerfiles was found: BUILDKIT_HOST is not set; docker is not on PATH; podman is not on PATH; buildah is not on PATH.",
        );
        return true;
      });
    });

    it("is docker without buildx or without a daemon, or a podman that does not work: the next one is asked", async () => {
      process.env["BUILDKIT_HOST"] = "unix:///nowhere";
      fake("docker", "echo unknown command >&2; exit 1");
      fake("podman", 'case "$*" in info*) echo "cannot re-exec process" >&2; exit 125 ;; esac');
      fake("buildah", "exit 3");
      const message =
        /BUILDKIT_HOST is set, but buildctl is not on PATH; docker has no buildx plugin; podman does not work \(cannot re-exec process\); \$F\/bin\/buildah does not run \(exit code 3\)\./;
      await assert.rejects(
        build(),
        (error) => UnikernelError.has(error, "BUILDER_MISSING") && message.test(error.message.replaceAll(folder, "$F")),
      );
      fake("docker", 'case "$*" in *inspect) echo "Name: default"; echo "Error:  Cannot connect" ;; esac');
      fake("buildctl", "echo connection refused; exit 1");
      await assert.rejects(
        build(),
        /does not respond \(connection refused\); docker buildx has no builder \(Cannot connect\);/,
      );
    });

    it("is BuildKit: it gets secrets as files that only the owner can read, and they are gone afterwards", async () => {
      process.env["BUILDKIT_HOST"] = "tcp://buildkit.test:1234";
      fake(
        "buildctl",
        `case "$1" in
  --version) echo "buildctl github.com/moby/buildkit v0.21.0 abc" ;;
  build) for a; do case "$a" in id=t,src=*) f=\${a#*src=}; cat "$f"; echo; stat -c '%a %n' "$f" "\${f%/*}" >> "$FAKE/modes";; esac; done
    echo '#5 [1/1] COPY . /'; echo "#5 0.1 got $(cat "$f")"; echo '#5 ERROR: failed'; exit 1 ;;
esac`,
      );
      const error: unknown = await build({ secrets: { t: { value: "pa55word-value" } } }).catch((e: unknown) => e);
      assert.ok(UnikernelError.has(error, "BUILD_FAILED"));
      assert.equal(
        error.message,
        "The build of 'Dockerfile' with buildkit 0.21.0 failed at step 1/1: COPY . / (exit code 1).\nLast lines of the build:\n  | got [secret]\n  | failed\n",
      );
      const modes = fs.readFileSync(path.join(folder, "modes"), "utf8").trimEnd().split("\n");
      assert.deepEqual(
        modes.map((line) => line.split(" ")[0]),
        ["600", "700"],
      );
      assert.deepEqual(fs.readdirSync(path.join(folder, "run")), []);
      assert.deepEqual(fs.readdirSync(path.join(folder, "cache", "builds")), []);
      assert.ok(!calls().join("\n").includes("pa55word"));
    });

    it("is docker's own builder without the containerd store: the image is read back from the store", async () => {
      fake(
        "docker",
        `case "$*" in
  "buildx version") echo "github.com/docker/buildx v0.12.1 x" ;;
  "buildx inspect") echo "Driver: docker" ;;
  info*) echo '[["Backing Filesystem","extfs"]]' ;;
  "image save"*) out=$FAKE/save; ${SAVE_FOLDER}
    cd "$out"; mkdir -p a b; mv $layer a/layer.tar; ln -s ../a/layer.tar b/layer.tar; mv $config c.json
    printf '[{"Config":"c.json","RepoTags":null,"Layers":["a/layer.tar","b/layer.tar"]}]' > manifest.json
    tar -cf "$4" manifest.json c.json a b ;;
  *) ${BUILD_ID} ;;
esac`,
      );
      const result = await build();
      const { config, tree } = await readLayout(result.ociLayout);
      assert.deepEqual(Object.keys(tree), ["greeting"]);
      assert.deepEqual(config, { config: { Cmd: ["/greeting"], Healthcheck: { Test: ["CMD", "x"] } } });
      assert.match(calls().at(-1) ?? "", /^docker image save --output \S+\/image\.tar sha256:0123$/);
      await removeBuild(result);
      assert.deepEqual(fs.readdirSync(path.join(folder, "cache", "builds")), []);
    });

    it("is docker with the containerd store: it writes the layout itself", async () => {
      fake(
        "docker",
        'case "$*" in "buildx inspect") echo "Driver: docker" ;; info*) echo \'[["driver-type","io.containerd.snapshotter.v1"]]\' ;; esac',
      );
      await build();
      assert.match(
        calls().at(-1) ?? "",
        / --output type=oci,tar=false,.*dest=\$F\/cache\/builds\/[\w-]+\/oci \$F\/context$/,
      );
    });

    it("is podman: it uses a storage of its own, and knows the registry on the loopback address", async () => {
      fake(
        "podman",
        `case "$*" in
  "build --help") echo "--secret --ssh --identity-label" ;;
  info*) echo "false 1.35.0" ;;
  --version) echo "podman version 5.1.0" ;;
  *" save "*) while [ "$1" != --output ]; do shift; done; out=$2; ${SAVE_FOLDER} ;;
  *) cp "$CONTAINERS_REGISTRIES_CONF" "$FAKE/registries"; ${BUILD_ID} ;;
esac`,
      );
      const result = await build();
      assert.deepEqual(Object.keys((await readLayout(result.ociLayout)).tree), ["greeting"]);
      const [, , , , buildCall = "", saveCall = ""] = ["", ...calls()];
      assert.match(
        buildCall,
        /^podman --root \$F\/cache\/containers --runroot \$F\/run\/unikernel-containers-\d+-\w{8} build /,
      );
      assert.match(saveCall, /save --quiet --format docker-dir --output \S+\/image sha256:0123$/);
      assert.match(
        fs.readFileSync(path.join(folder, "registries"), "utf8"),
        /location = "localhost:5000"\ninsecure = true/,
      );
      assert.ok(!fs.existsSync(path.join(folder, "cache", "containers", "unikernel.unfinished")));
    });

    it("is a remote podman: it keeps its own storage", async () => {
      fake(
        "podman",
        `case "$*" in
  info*) echo "true 1.35.0" ;;
  save*) out=$6; ${SAVE_FOLDER} ;;
  build\\ -*) ${BUILD_ID} ;;
esac`,
      );
      await build();
      assert.ok(calls().some((call) => call.startsWith("podman build --layers --format docker --file")));
      assert.ok(!calls().join("\n").includes("--root"));
    });

    it("failed or was killed: its containers are removed, and two builds do not run at once", async () => {
      const containers = path.join(folder, "cache", "containers");
      fs.mkdirSync(containers, { recursive: true, mode: 0o700 });
      fs.writeFileSync(path.join(containers, "unikernel.unfinished"), "");
      fake(
        "podman",
        `case "$*" in
  info*) echo "false 1.35.0" ;;
  *" ps "*) echo 0123456789ab; echo some text ;;
  *" rm "*) ;;
  *" build "*) [ ! -e "$FAKE/busy" ] || echo "two at once" >> "$FAKE/calls"; touch "$FAKE/busy"; sleep 0.2; rm "$FAKE/busy"; echo "Error: no"; exit 125 ;;
esac`,
      );
      const results = await Promise.allSettled([build(), build()]);
      assert.ok(
        results.every((result) => result.status === "rejected" && UnikernelError.has(result.reason, "BUILD_FAILED")),
      );
      const own = calls().filter((call) => / (ps|rm|build) /.test(call) && call.includes("--root"));
      const words = own.map((call) => / (ps|rm --force 0123456789ab|build)( |$)/.exec(call)?.[1]);
      const cleaning = ["ps", "rm --force 0123456789ab"];
      assert.deepEqual(words, [...cleaning, "build", ...cleaning, "build", ...cleaning]);
      assert.ok(!calls().includes("two at once"));
    });

    it("has more than 20 GiB of images: all are removed after the build", async () => {
      const layers = path.join(folder, "cache", "containers", "overlay-layers");
      fs.mkdirSync(layers, { recursive: true });
      fs.chmodSync(path.dirname(layers), 0o700);
      fs.writeFileSync(path.join(layers, "layers.json"), JSON.stringify([{ "diff-size": 21 * 2 ** 30 }, {}]));
      fake(
        "buildah",
        `case "$*" in
  *" push "*) shift 8; out=\${2#dir:}; ${SAVE_FOLDER} ;;
  *" rmi "*) ;;
  *) ${BUILD_ID} ;;
esac`,
      );
      await build();
      assert.match(calls().at(-1) ?? "", /^buildah --root \S+ --runroot \S+ rmi --all --force$/);
    });
  });

  describe("that runs", () => {
    const run = (script: string, signal?: AbortSignal): Promise<{ code: number | null; lines: readonly string[] }> => {
      const lines: string[] = [];
      const options = { onLine: (line: string) => lines.push(line), ...(signal === undefined ? {} : { signal }) };
      return runTool("/bin/sh", ["-c", `PATH=/usr/bin:/bin; ${script}`], options).then((code) => ({ code, lines }));
    };

    it("passes on its lines, also an unfinished and a very long one", async () => {
      const { code, lines } = await run("printf 'a\\r\\nb\\n\\nc'; exit 3");
      assert.deepEqual({ code, lines }, { code: 3, lines: ["a", "b", "", "c"] });
      const long = await run("head -c 40000 /dev/zero | tr '\\0' x");
      assert.deepEqual(
        long.lines.map((line) => line.length),
        [16_384, 16_384, 7_232],
      );
      assert.equal((await run("kill -9 $$")).code, null);
    });

    it("ends with its children when it is cancelled, even if they ignore SIGTERM", async function () {
      this.timeout(20_000);
      const reason = new Error("enough");
      const signal = AbortSignal.abort(reason);
      await assert.rejects(run("true", signal), reason);
      const controller = new AbortController();
      const running = run(
        `trap '' TERM; sleep 7532 & echo $! > ${folder}/pid; wait; wait; sleep 7532`,
        controller.signal,
      );
      while (!fs.existsSync(path.join(folder, "pid"))) await new Promise((resolve) => setTimeout(resolve, 10));
      controller.abort(reason);
      await assert.rejects(running, reason);
      const pid = Number(fs.readFileSync(path.join(folder, "pid"), "utf8"));
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(await processStartTime(pid), undefined); // nobody may have collected it yet
    });

    it("cannot start", async () => {
      await assert.rejects(runTool(path.join(folder, "nothing"), [], { onLine: () => undefined }), /ENOENT/);
    });
  });

  describe("kraft", () => {
    const target = { os: "qemu", architecture: "x86_64" };
    const compile = (options: object = {}) =>
      compileKernel({ projectFolder: context, kraftfile: path.join(context, "Kraftfile"), target, ...options });

    it("is not installed", async () => {
      await assert.rejects(compile(), (error) => {
        assert.ok(UnikernelError.has(error, "BUILDER_MISSING"));
        assert.match(error.message, /needs the tool 'kraft', and it is not on PATH\.$/);
        return true;
      });
    });

    it("compiles the kernel of the project and the target", async () => {
      fake(
        "kraft",
        `[ "$KRAFTKIT_NO_PROMPT" = true ] || exit 9
printf '\\033[34m i \\033[0m building\\n\\n'
mkdir -p .unikraft/build; cd .unikraft/build
for n in context_qemu-x86_64 context_qemu-x86_64.dbg context_fc-x86_64 other_qemu-x86_64 shop_qemu-x86_64; do echo > $n; done`,
      );
      const lines: string[] = [];
      const kernel = await compile({ onProgress: (line: string) => lines.push(line) });
      assert.equal(kernel, path.join(context, ".unikraft/build/context_qemu-x86_64"));
      assert.deepEqual(lines, ["i  building"]);
      assert.deepEqual(calls(), ["kraft build --plat qemu --arch x86_64 --kraftfile $F/context/Kraftfile $F/context"]);
      assert.match(await compile({ projectName: "shop" }), /\/shop_qemu-x86_64$/);
    });

    it("fails, or leaves no kernel: the error has its last lines", async () => {
      fake("kraft", "for i in $(seq 30); do echo line $i; done; exit 4");
      await assert.rejects(compile(), (error) => {
        assert.ok(UnikernelError.has(error, "BUILD_FAILED"));
        assert.match(
          error.message,
          /^'kraft build' failed \(exit code 4\)\.\nIts last lines:\n {2}\| line 11\n[^]* {2}\| line 30\n$/,
        );
        return true;
      });
      fake("kraft", "exit 0");
      await assert.rejects(compile(), /'kraft build' ended, but left no kernel in \.unikraft\/build\./);
    });
  });
});
