import assert from "node:assert/strict";
import { resolveCommand } from "../../../../provider/image/dockerfile/metadata/guestCommand";
import { parseImageConfig, toAbsolute } from "../../../../provider/image/dockerfile/metadata/imageConfig";
import { lookupInTree } from "../../../../provider/image/dockerfile/metadata/lookupInTree";
import { type MetadataSources, mergeMetadata } from "../../../../provider/image/dockerfile/metadata/mergeMetadata";
import type { FileTree, TreeEntry } from "../../../../provider/image/rootfs/tree";

const file = (mode = 0o755): TreeEntry => ({ type: "file", mode, content: { bytes: Buffer.from("x") } });
const TREE: FileTree = new Map<string, TreeEntry>([
  ["bin", { type: "symlink", target: "usr/bin" }],
  ["usr/bin/node", file()],
  ["usr/bin/sh", { type: "symlink", target: "../lib/busybox" }],
  ["usr/lib/busybox", file()],
  ["usr/local/bin/node", file(0o644)],
  ["app/server", file()],
  ["app/server.js", file(0o644)],
  ["app/conf", { type: "directory", mode: 0o755 }],
  ["loop", { type: "symlink", target: "/loop" }],
  ["dangling", { type: "symlink", target: "/nowhere" }],
]);
const lookup = lookupInTree(TREE);
const image = (config: object) => parseImageConfig({ config });
const command = (config: object, kraftfileCmd?: readonly string[], runtimeCmd?: readonly string[]) =>
  resolveCommand({ image: image(config), kraftfileCmd, runtimeCmd, lookup });

describe("the command of an image", () => {
  it("is the Kraftfile's as it is, else ENTRYPOINT and CMD, else the runtime's", () => {
    const config = { Entrypoint: ["/app/server"], Cmd: ["-v"] };
    assert.deepEqual(command(config, ["./x", "y"], ["/runtime"]), { cmd: ["./x", "y"], warnings: [] });
    assert.deepEqual(command(config, undefined, ["/runtime"]), { cmd: ["/app/server", "-v"], warnings: [] });
    assert.deepEqual(command({}, undefined, ["/runtime"]), { cmd: ["/runtime"], warnings: [] });
    assert.deepEqual(command({ Entrypoint: null, Cmd: null }, []), { cmd: [], warnings: [] });
  });

  it("has the program's path as a container would find it", () => {
    assert.deepEqual(command({ Cmd: ["node"] }).cmd, ["/usr/bin/node"]); // /usr/local/bin/node is not executable
    assert.deepEqual(command({ Cmd: ["./server"], WorkingDir: "/app" }).cmd, ["/app/server"]);
    assert.deepEqual(command({ Cmd: ["../server"], WorkingDir: "app/conf/" }).cmd, ["/app/server"]);
    assert.deepEqual(command({ Cmd: ["server"], Env: ["PATH=/x:app"], WorkingDir: "/" }).cmd, ["/app/server"]);
    assert.deepEqual(command({ Cmd: ["sh", "-c", "x"] }).cmd, ["/usr/bin/sh", "-c", "x"]);
    assert.deepEqual(command({ Cmd: ["/bin/sh", "-c", "x"] }), { cmd: ["/bin/sh", "-c", "x"], warnings: [] });
  });

  it("comes with a warning where a guest would not find the program", () => {
    assert.deepEqual(command({ Cmd: ["nothing"] }), {
      cmd: ["nothing"],
      warnings: ["The Dockerfile's command 'nothing' is not an executable file of the image."],
    });
    const shellForm = resolveCommand({
      image: image({ Cmd: ["/bin/sh", "-c", "server"] }),
      kraftfileCmd: undefined,
      runtimeCmd: undefined,
      lookup: () => undefined,
    });
    assert.deepEqual(shellForm.cmd, ["/bin/sh", "-c", "server"]);
    assert.match(
      shellForm.warnings[0] ?? "",
      /^The Dockerfile's command is in shell form, but the image has no \/bin\/sh\. /,
    );
  });

  it("comes with a warning about arguments that count on WORKDIR", () => {
    const { cmd, warnings } = command({ Cmd: ["node", "server.js", "-c", "conf", "x"], WorkingDir: "/app" });
    assert.deepEqual(cmd, ["/usr/bin/node", "server.js", "-c", "conf", "x"]);
    assert.deepEqual(warnings, [
      "The argument 'server.js' is relative to WORKDIR /app, but a guest starts in /. Write /app/server.js, or set 'cmd' in the Kraftfile.",
      "The argument 'conf' is relative to WORKDIR /app, but a guest starts in /. Write /app/conf, or set 'cmd' in the Kraftfile.",
    ]);
    assert.deepEqual(command({ Cmd: ["node", "app/server.js"], WorkingDir: "/" }).warnings, []);
  });
});

describe("a path in a tree", () => {
  it("is found through links of files and folders", () => {
    assert.deepEqual(lookup("/bin/node"), { isExecutable: true });
    assert.deepEqual(lookup("/bin/sh"), { isExecutable: true });
    assert.deepEqual(lookup("/bin/../lib/busybox"), { isExecutable: true }); // /bin is /usr/bin
    assert.deepEqual(lookup("/usr/local/bin/node"), { isExecutable: false });
    assert.deepEqual(lookup("/app/conf/"), { isExecutable: false });
    assert.deepEqual(lookup("/"), { isExecutable: false });
  });

  it("is not found behind a loop, a dangling link or a file", () => {
    for (const path of ["/loop", "/dangling", "/app/server/x", "/app/server/..", "/nothing"])
      assert.equal(lookup(path), undefined, path);
  });

  it("never leads above the root", () => {
    assert.equal(toAbsolute("../../etc/./x//y", "/a"), "/etc/x/y");
    assert.equal(toAbsolute(""), "/");
  });
});

describe("the metadata of an image", () => {
  const merge = (changes: Partial<MetadataSources>) =>
    mergeMetadata({
      runtime: {},
      image: image({}),
      kraftfile: { env: {}, labels: {} },
      program: {},
      lookup,
      ...changes,
    });

  it("has each variable once, at its first place, with the value of the last source", () => {
    const { env, labels } = merge({
      runtime: { env: { R: "runtime", A: "runtime" } },
      image: image({ Env: ["A=image", "B=image", "A=again", "C", "=x", "E=a=b"], Labels: { l: "image", m: "image" } }),
      kraftfile: { env: { D: "kraftfile", B: "kraftfile" }, labels: { m: "kraftfile" } },
      program: { env: { D: "program" }, labels: { n: "program" } },
    });
    assert.deepEqual(Object.entries(env), [
      ["R", "runtime"],
      ["A", "image"],
      ["B", "kraftfile"],
      ["C", ""],
      ["E", "a=b"],
      ["D", "program"],
    ]);
    assert.deepEqual(Object.entries(labels), [
      ["l", "image"],
      ["m", "kraftfile"],
      ["n", "program"],
    ]);
  });

  it("keeps WORKDIR for tools that read it", () => {
    assert.equal(merge({ image: image({ WorkingDir: "/app/" }) }).workingDir, "/app");
    assert.equal(merge({ image: image({ WorkingDir: "" }) }).workingDir, undefined);
  });

  it("warns about every instruction without effect", () => {
    const { warnings } = merge({
      image: image({
        User: "app",
        ExposedPorts: { "80/tcp": {}, "443/tcp": {} },
        Volumes: { "/data": {} },
        StopSignal: "SIGQUIT",
        Healthcheck: { Test: ["CMD", "/check"] },
        Shell: ["/bin/bash", "-c"],
        OnBuild: ["RUN make"],
      }),
    });
    assert.deepEqual(
      warnings.map((warning) => warning.split(" of the Dockerfile has no effect on a guest: ")[0]),
      [
        "USER app",
        "EXPOSE 80/tcp 443/tcp",
        "VOLUME /data",
        "STOPSIGNAL SIGQUIT",
        "HEALTHCHECK",
        "SHELL /bin/bash -c",
        "ONBUILD RUN make",
      ],
    );
  });

  it("does not warn about instructions that change nothing", () => {
    const config = {
      User: "0:0",
      StopSignal: "SIGTERM",
      Healthcheck: { Test: ["NONE"] },
      Volumes: null,
      Shell: [],
      OnBuild: null,
    };
    assert.deepEqual(merge({ image: image(config) }).warnings, []);
    assert.deepEqual(merge({ image: parseImageConfig({}) }).warnings, []);
  });

  it("is refused if the config has another form", () => {
    for (const config of [{ Cmd: "x" }, { Env: [1] }, { Labels: [] }]) assert.throws(() => image(config));
    assert.throws(() => parseImageConfig(null));
  });
});
