import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { DynamicProcess, serializedProvider } from "../../support/dynamicProcess";
import { startFakeApi, success } from "../../support/fakeApi";
import {
  addPackages,
  installPackages,
  packFolder,
  packRepository,
  runCommand,
  runOrThrow,
} from "../../support/installedPackage";

const root = path.resolve(__dirname, "../../..");

interface Manifest {
  readonly version: string;
  readonly main: string;
  readonly types: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

const manifestIn = async (folder: string) =>
  JSON.parse(await fs.readFile(path.join(folder, "package.json"), "utf8")) as Manifest;

/** Creates a Volume: the source of a program, or of a package that a program uses. */
const MAKE_VOLUME = `
  const unikernel = require("pulumi-unikernel");
  exports.makeVolume = () => new unikernel.Volume("data", { sizeMb: 64 });
`;

/** Runs `makeVolume` with Pulumi's mocks and prints what it registered and which copies of @pulumi/pulumi were loaded. */
const PROGRAM = `
  const pulumi = require("@pulumi/pulumi");
  let registered;
  pulumi.runtime.setMocks({
    newResource: (resource) => ((registered = resource), { id: "an-id", state: resource.inputs }),
    call: () => ({}),
  });
  const volume = require(process.argv[2]).makeVolume();
  volume.id.apply((id) => {
    const copies = Object.keys(require.cache).filter((file) => /@pulumi.pulumi.resource\\.js$/.test(file));
    const isResource = volume instanceof pulumi.CustomResource;
    console.log(JSON.stringify({ id, type: registered.type, inputs: registered.inputs, copies, isResource }));
  });
`;

/** Runs `makeVolume` on the mocked platform, and a program that the platform rejects. */
const UNIT_TEST = `
  const { mockPlatform } = require("pulumi-unikernel/testing");
  const unikernel = require("pulumi-unikernel");
  const platform = mockPlatform();
  (async () => {
    const state = await platform.run(() => require("./volume.js").makeVolume().state);
    const error = await platform.run(() => void new unikernel.Volume("data", { sizeMb: 0 })).catch((error) => error);
    console.log(JSON.stringify({ state, message: error.message }));
  })();
`;

/** The same as tests of a runner whose `it` and `expect` are global. */
const RUNNER_TEST = `
  const { mockPlatform } = require("pulumi-unikernel/testing");
  const unikernel = require("pulumi-unikernel");
  const platform = mockPlatform();
  it("has what the platform fills in", async () => {
    expect(await platform.run(() => require("./volume.js").makeVolume().state)).toBe("available");
    expect(platform.find("Volume", "data").inputs).toEqual({ sizeMb: 64 });
  });
  it("is rejected as by the platform", async () => {
    const run = platform.run(() => void new unikernel.Volume("data", { sizeMb: 0 }));
    await expect(run).rejects.toThrow(/Volume 'data': INPUT_INVALID: sizeMb: /);
  });
`;

/** Test runners beside mocha. Their time limit, 5 s, is short for a busy machine. */
const RUNNERS = [
  { runner: "jest@30.5.2", command: ["jest", "--rootDir", ".", "--testTimeout", "60000"] },
  { runner: "vitest@3.2.7", command: ["vitest", "run", "--globals", "--testTimeout", "60000"] },
] as const;

/** Runs a program for a cluster, and tells whether the main entry point had loaded the Kubernetes SDK before. */
const KUBERNETES_PROGRAM = `
  require("pulumi-unikernel");
  const loaded = Object.keys(require.cache).some((file) => /@pulumi.kubernetes/.test(file));
  const { mockPlatform } = require("pulumi-unikernel/testing");
  const platform = mockPlatform();
  platform
    .run(() => {
      const { GatewayOnKubernetes } = require("pulumi-unikernel/kubernetes");
      const tyk = { version: "5.8.3", secret: "a-secret" };
      return new GatewayOnKubernetes("edge", { image: "a", tyk, redis: { host: "redis" } }).url;
    })
    .then((url) => console.log(JSON.stringify({ loaded, url, objects: platform.resources.length })));
`;

/** As TYPED_PROGRAM, for the entry point that needs @pulumi/kubernetes. */
const TYPED_KUBERNETES = `
  import * as pulumi from "@pulumi/pulumi";
  import { GatewayOnKubernetes } from "pulumi-unikernel/kubernetes";
  const common = { image: "a", tyk: { version: "5.8.3", secret: "a-secret" }, redis: { host: "redis" } };
  export const url: pulumi.Output<string> = new GatewayOnKubernetes("edge", common).url;
  // @ts-expect-error
  new GatewayOnKubernetes("edge", { ...common, replicas: "3" });
`;

/** Compiles only if the types exist and are not \`any\`. */
const TYPED_PROGRAM = `
  import * as pulumi from "@pulumi/pulumi";
  import * as unikernel from "pulumi-unikernel";
  import { mockPlatform } from "pulumi-unikernel/testing";
  export const tested: Promise<{ url: string }> = mockPlatform().run(() => ({ url: pulumi.output("https://a") }));
  const port: unikernel.ServicePortArgs = { port: 8080 };
  const volume = new unikernel.Volume("data", { sizeMb: 64 });
  const service = new unikernel.Service("web", { ports: [port], template: { image: "a", volumes: [{ volume: volume.id, at: "/data" }] } });
  export const url: pulumi.Output<string> = service.url;
  // @ts-expect-error
  new unikernel.Certificate("shop", { commonName: "shop.example.com" });
  // @ts-expect-error
  new unikernel.Volume("data", { sizeMb: "64" });
  // @ts-expect-error
  export const size: pulumi.Output<string> = volume.sizeMb;
`;

const item = {
  status: "success",
  uuid: "5a1f0c1e-0000-4000-8000-000000000001",
  state: "available",
  size_mb: 64,
  filesystem: "ext4",
  created_at: "2026-01-01T00:00:00Z",
};

/** Files of the web console that the browser loads. */
const DASHBOARD = "provider/platform/http/dashboard/page";

describe("the packed package", function () {
  this.timeout(300_000);
  let folder: string;
  let tarball: string;
  let unpacked: string;
  let manifest: Manifest;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-packed-"));
    tarball = await packRepository(folder);
    await runOrThrow(folder, "tar", ["-xzf", tarball]);
    unpacked = path.join(folder, "package");
    manifest = await manifestIn(unpacked);
  });
  after(() => fs.rm(folder, { recursive: true }));

  const filesOf = async () =>
    (await fs.readdir(unpacked, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(unpacked, path.join(entry.parentPath, entry.name)));

  describe("as a tarball", () => {
    it("contains compiled code, schema and documents, and no tests or sources", async () => {
      const files = await filesOf();
      const compiled = files.filter((file) => file.startsWith("dist/"));
      const pages = files.filter((file) => file.startsWith("docs/"));
      // The browser's part of the web console is served as it is.
      const served = files.filter((file) => file.startsWith(`${DASHBOARD}/`));
      const inRepository = (await fs.readdir(path.join(root, DASHBOARD))).filter((file) => file !== "tsconfig.json");
      assert.deepEqual(served.sort(), inRepository.map((file) => `${DASHBOARD}/${file}`).sort());
      assert.ok(pages.includes("docs/README.md"));
      for (const file of pages) assert.match(file, /\.md$/);
      assert.deepEqual(
        files.filter((file) => !compiled.includes(file) && !pages.includes(file) && !served.includes(file)).sort(),
        ["CHANGELOG.md", "LICENSE", "README.md", "package.json", "schema.json"].sort(),
      );
      for (const file of compiled) assert.match(file, /^dist\/(sdk|provider)\/.*\.(js|d\.ts|js\.map)$/);
    });

    it("contains one module per source", async () => {
      const sources = (await Promise.all(["sdk", "provider"].map((name) => sourcesIn(name)))).flat().sort();
      for (const ending of [".js", ".d.ts"]) {
        const modules = (await filesOf()).filter((file) => file.startsWith("dist/") && file.endsWith(ending));
        assert.deepEqual(modules.map((file) => file.slice("dist/".length, -ending.length)).sort(), sources);
      }
    });

    it("contains no path of the machine that packed it", async () => {
      const places = [root, folder, os.homedir()].filter((place) => place.split(path.sep).length > 2);
      for (const file of await filesOf()) {
        const text = await fs.readFile(path.join(unpacked, file), "utf8");
        for (const place of [...places, "file://"]) assert.ok(!text.includes(`${place}/`), `${file} names ${place}/`);
      }
    });

    it("contains every file that package.json refers to", async () => {
      const targets = Object.values(manifest.exports).flatMap((target) =>
        typeof target === "string" ? [target] : Object.values(target),
      );
      for (const target of [manifest.main, manifest.types, ...Object.values(manifest.bin), ...targets]) {
        assert.ok((await fs.stat(path.join(unpacked, target))).isFile(), target);
      }
      assert.deepEqual(manifest.exports["."], { types: `./${manifest.types}`, default: `./${manifest.main}` });
    });

    it("declares exactly the packages its modules load; only those for Kubernetes load the optional peer", async () => {
      const loaded = new Set<string>();
      const forKubernetes = path.join("dist", "sdk", "kubernetes", path.sep);
      for (const file of (await filesOf()).filter((name) => name.endsWith(".js"))) {
        const text = await fs.readFile(path.join(unpacked, file), "utf8");
        for (const [, name = ""] of text.matchAll(/\b(?:require|import)\("((?:@[^/"]+\/)?[^./"][^/"]*)[^"]*"\)/g)) {
          if (name === "@pulumi/kubernetes" && file.startsWith(forKubernetes)) continue;
          if (!name.startsWith("node:") && name !== "pulumi-unikernel") loaded.add(name);
        }
      }
      const { dependencies, peerDependencies, peerDependenciesMeta } = manifest;
      assert.deepEqual(Object.keys(peerDependencies), ["@pulumi/kubernetes", "@pulumi/pulumi"]);
      assert.deepEqual(peerDependenciesMeta, { "@pulumi/kubernetes": { optional: true } });
      assert.deepEqual([...loaded].sort(), ["@pulumi/pulumi", ...Object.keys(dependencies)].sort());
    });
  });

  /** Where the package's code is installed, and how a program finds it. */
  const layouts = [
    { name: "by npm", manager: "npm", through: false, pulumi: "pinned" },
    { name: "by npm, with the oldest @pulumi/pulumi that it allows", manager: "npm", through: false, pulumi: "oldest" },
    { name: "by pnpm", manager: "pnpm", through: false, pulumi: "pinned" },
    { name: "by pnpm, as a dependency of a dependency", manager: "pnpm", through: true, pulumi: "pinned" },
  ] as const;

  for (const { name, manager, through, pulumi } of layouts) {
    describe(`installed ${name}`, () => {
      let project: string;

      before(async () => {
        const { devDependencies, peerDependencies } = await manifestIn(root);
        const versions = {
          pinned: devDependencies["@pulumi/pulumi"],
          oldest: peerDependencies["@pulumi/pulumi"]?.replace("^", ""),
        };
        const peers = { "@pulumi/pulumi": peerDependencies["@pulumi/pulumi"] ?? "" };
        const what = through ? await packWrapper(folder, tarball, peers) : tarball;
        project = await installPackages(manager, [what, `@pulumi/pulumi@${versions[pulumi]}`]);
        await fs.writeFile(path.join(project, "program.js"), PROGRAM);
        if (!through) await fs.writeFile(path.join(project, "volume.js"), MAKE_VOLUME);
      });
      after(() => fs.rm(project, { recursive: true, force: true }));

      it("registers its resources through the program's own @pulumi/pulumi", async () => {
        const entry = through ? "unikernel-wrapper" : "./volume.js";
        const printed = await runOrThrow(project, process.execPath, ["program.js", entry]);
        const { copies, inputs, ...rest } = JSON.parse(printed) as {
          id: string;
          copies: string[];
          inputs: Record<string, unknown>;
        };
        assert.deepEqual(rest, { id: "an-id", type: "pulumi-nodejs:dynamic/unikernel:Volume", isResource: true });
        assert.equal(inputs["__provider"], serializedProvider("Volume"));
        assert.deepEqual(copies, [require.resolve("@pulumi/pulumi/resource", { paths: [project] })]);
      });

      it("is loaded by the dynamic provider process, which checks and creates", async () => {
        let name = "";
        await using api = await startFakeApi(({ method, body }) => {
          if (method === "POST") ({ name } = body as { name: string });
          return success("volumes", { ...item, name });
        });
        const config = { "unikernel:metro": api.url, "unikernel:token": "a-token" };
        const volume = await DynamicProcess.start("Volume", config, project);
        try {
          const { failures } = await volume.check({}, { __resourceName: "data" });
          assert.match(failures[0]?.reason ?? "", /sizeMb/);
          const { inputs } = await volume.check({}, { __resourceName: "data", sizeMb: 64 });
          const { id, outs } = await volume.create(inputs);
          assert.equal(id, item.uuid);
          assert.equal(outs["filesystem"], "ext4");
        } finally {
          await volume.stop();
        }
        const posted = api.requests.find(({ method }) => method === "POST");
        assert.equal(posted?.authorization, "Bearer a-token");
        assert.match(posted.url, /\/volumes$/);
      });

      if (through) return;

      it("mocks the platform for unit tests", async () => {
        await fs.writeFile(path.join(project, "unit.js"), UNIT_TEST);
        const printed = await runOrThrow(project, process.execPath, ["unit.js"]);
        const { state, message } = JSON.parse(printed) as { state: string; message: string };
        assert.equal(state, "available");
        assert.match(message, /Volume 'data': INPUT_INVALID: sizeMb: /);
      });

      it("needs @pulumi/kubernetes for its subpath alone", async () => {
        await fs.writeFile(path.join(project, "kubernetes.js"), KUBERNETES_PROGRAM);
        const missing = await runCommand(project, process.execPath, ["kubernetes.js"]);
        assert.match(missing.stderr, /Cannot find module '@pulumi\/kubernetes'/);
        await addPackages(project, manager, [
          `@pulumi/kubernetes@${(await manifestIn(root)).devDependencies["@pulumi/kubernetes"]}`,
        ]);
        const printed = await runOrThrow(project, process.execPath, ["kubernetes.js"]);
        assert.deepEqual(JSON.parse(printed), { loaded: false, url: "http://edge.default.svc:8080", objects: 10 });
      });

      if (pulumi === "oldest") return;

      for (const [moduleResolution, module] of [
        ["node10", "commonjs"],
        ["node16", "node16"],
        ["bundler", "esnext"],
      ] as const) {
        it(`has types with moduleResolution ${moduleResolution}`, async () => {
          await fs.writeFile(path.join(project, "typed.ts"), TYPED_PROGRAM);
          await fs.writeFile(path.join(project, "typedKubernetes.ts"), TYPED_KUBERNETES);
          const compilerOptions = { module, moduleResolution, target: "es2022", strict: true, noEmit: true, types: [] };
          const settings = { compilerOptions, files: ["typed.ts", "typedKubernetes.ts"] };
          await fs.writeFile(path.join(project, "tsconfig.json"), JSON.stringify(settings));
          const tsc = path.join(root, "node_modules/typescript/bin/tsc");
          await runOrThrow(project, process.execPath, [tsc, "-p", "."]);
        });
      }

      // The runner of this repository is mocha, with which all other tests of the mocks run.
      for (const { runner, command } of manager === "npm" ? RUNNERS : [])
        it(`mocks the platform in ${runner.replace(/@.*/, "")}, which needs no setting`, async () => {
          await addPackages(project, manager, [runner]);
          await fs.writeFile(path.join(project, "gateway.test.js"), RUNNER_TEST);
          const { code, stdout, stderr } = await runCommand(project, "npx", ["--no-install", ...command]);
          assert.equal(code, 0, stdout + stderr);
          assert.match(stripVTControlCharacters(stdout + stderr), /\b2 passed\b/);
        });

      it("can be imported by name from an ES module", async () => {
        const text = `import { Volume, Provider } from "pulumi-unikernel"; console.log(Volume.name, Provider.name);`;
        const args = ["--input-type=module", "--eval", text];
        assert.equal(await runOrThrow(project, process.execPath, args), "Volume Provider\n");
      });

      it("provides the command, also through a symbolic link", async () => {
        const help = await runOrThrow(project, "npx", ["--no-install", "unikernel", "--help"]);
        assert.match(help, /^Usage: unikernel <command>/);
        const link = path.join(folder, `unikernel-${path.basename(project)}`);
        await fs.symlink(path.join(project, "node_modules/pulumi-unikernel", manifest.bin["unikernel"] ?? ""), link);
        assert.equal(await runOrThrow(folder, link, ["--version"]), `${manifest.version}\n`);
        const { code, stderr } = await runCommand(folder, link, ["sing"]);
        assert.equal(code, 2);
        assert.match(stderr, /Unknown command 'sing'/);
      });
    });
  }

  it("has types that the compiler bundled with @pulumi/pulumi can read", async () => {
    const ts = require("@pulumi/pulumi/vendor/typescript@3.8.3/typescript.js") as typeof import("typescript");
    const declarations = (await filesOf()).filter((file) => /^dist\/sdk\/.*\.d\.ts$/.test(file));
    assert.ok(declarations.length > 0);
    for (const file of declarations) {
      const text = await fs.readFile(path.join(unpacked, file), "utf8");
      const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true, fileName: "it.ts" });
      assert.deepEqual(
        diagnostics.map(({ messageText }) => `${file}: ${JSON.stringify(messageText)}`),
        [],
      );
    }
  });
});

/** Names of the modules below a source folder, without extension. */
async function sourcesIn(name: string): Promise<readonly string[]> {
  const files = await fs.readdir(path.join(root, name), { recursive: true });
  return files.filter((file) => file.endsWith(".ts")).map((file) => path.join(name, file.slice(0, -".ts".length)));
}

/** A third-party package that creates a Volume with ours. */
async function packWrapper(into: string, tarball: string, peers: Readonly<Record<string, string>>): Promise<string> {
  const source = path.join(into, "wrapper");
  await fs.mkdir(source);
  const manifest = {
    name: "unikernel-wrapper",
    version: "1.0.0",
    main: "index.js",
    dependencies: { "pulumi-unikernel": `file:${tarball}` },
    peerDependencies: peers,
  };
  await fs.writeFile(path.join(source, "package.json"), JSON.stringify(manifest));
  await fs.writeFile(path.join(source, "index.js"), MAKE_VOLUME);
  return packFolder(source, into);
}
