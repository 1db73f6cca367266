import assert from "node:assert/strict";
import { UnikernelError } from "../../../../provider/base/errors";
import {
  type Builder,
  type BuilderName,
  type ContainersTool,
  type Probe,
  chooseBuilder,
  parseForcedBuilder,
} from "../../../../provider/image/dockerfile/builders/builder";
import {
  type ResolvedBuild,
  buildArguments,
  registryCache,
} from "../../../../provider/image/dockerfile/builders/commandLine";
import { completeRegistries, loopbackRegistries } from "../../../../provider/image/dockerfile/builders/registries";
import { checkCapabilities } from "../../../../provider/image/dockerfile/capabilities";
import { parseInstructions } from "../../../../provider/image/dockerfile/instructions";

const containers = (name: ContainersTool["name"], changes: Partial<ContainersTool> = {}): ContainersTool => ({
  name,
  tool: `/usr/bin/${name}`,
  version: "1.28.2",
  hasHeredocs: false,
  options: new Set(["--secret", "--ssh", "--cache-from", "--cache-to", "--identity-label"]),
  isRemote: false,
  ...changes,
});
const buildKit: Builder = { name: "buildkit", tool: "/bin/buildctl", version: "0.33.1" };
const buildx: Builder = { name: "buildx", tool: "/bin/docker", version: "0.30.1", usesImageStore: false };

const found = (builder: Builder): Probe => ({ name: builder.name, builder });
const missing = (name: BuilderName, problem: string, isConfigured = false): Probe => ({ name, problem, isConfigured });

const BUILD: ResolvedBuild = {
  contextFolder: "/app",
  dockerfile: "/app/docker/Dockerfile.prod",
  ignoreFile: "/tmp/b/ignore",
  target: undefined,
  platform: undefined,
  buildArgs: {},
  secretFiles: new Map(),
  ssh: [],
  cacheFrom: [],
  cacheTo: [],
  noCache: false,
  ociLayout: "/tmp/b/oci",
  idFile: "/tmp/b/image-id",
  storage: { root: "/cache/containers", runRoot: "/run/containers" },
};
const EVERYTHING: ResolvedBuild = {
  ...BUILD,
  target: "final",
  platform: "linux/amd64",
  buildArgs: { A: "1,2", B: "x=y" },
  secretFiles: new Map([["npm", "/tmp/a,b/secret-0"]]),
  ssh: ["default"],
  cacheFrom: ["registry.test/cache:1", "type=local,src=/c"],
  cacheTo: ["type=registry,ref=registry.test/cache,mode=max"],
  noCache: true,
};

describe("the builder of Dockerfiles", () => {
  it("is the first usable one", () => {
    const probes = [missing("buildkit", "BUILDKIT_HOST is not set"), found(buildx)];
    assert.deepEqual(chooseBuilder(probes), { builder: buildx, warnings: [] });
  });

  it("comes with a warning if one that the user has set up does not work", () => {
    const probes = [
      missing("buildkit", "BuildKit at BUILDKIT_HOST does not respond (refused)", true),
      found(containers("buildah")),
    ];
    assert.deepEqual(chooseBuilder(probes).warnings, [
      "BuildKit at BUILDKIT_HOST does not respond (refused); using buildah instead.",
    ]);
  });

  it("is missing with everything that was looked for, and how to install one", () => {
    const probes = [
      missing("buildkit", "BUILDKIT_HOST is not set"),
      missing("buildx", "docker is not on PATH"),
      missing("podman", "podman is not on PATH"),
      missing("buildah", "buildah is not on PATH"),
    ];
    assert.throws(
      () => chooseBuilder(probes),
      (error) => {
        assert.ok(UnikernelError.has(error, "BUILDER_MISSING"));
        assert.equal(
          error.message,
          "No tool that builds Dockerfiles was found: BUILDKIT_HOST is not set; docker is not on PATH; podman is not on PATH; buildah is not on PATH.",
        );
        assert.match(error.hint ?? "", /apt-get install buildah/);
        return true;
      },
    );
  });

  it("may be selected, and then no other is used", () => {
    assert.equal(parseForcedBuilder(undefined), undefined);
    assert.equal(parseForcedBuilder("podman"), "podman");
    assert.throws(
      () => parseForcedBuilder("docker"),
      (error) => UnikernelError.has(error, "CONFIG_INVALID"),
    );
    assert.throws(
      () => chooseBuilder([missing("podman", "podman is not on PATH")], "podman"),
      /'podman', which UNIKERNEL_BUILDER selects, cannot build Dockerfiles: podman is not on PATH\./,
    );
  });
});

describe("the command line of a build", () => {
  it("for BuildKit", () => {
    const output = "type=oci,tar=false,compression=uncompressed,force-compression=true,dest=/tmp/b/oci";
    const local = ["--local", "context=/app", "--local", "dockerfile=/app/docker", "--opt", "filename=Dockerfile.prod"];
    const head = ["build", "--progress", "plain", "--frontend", "dockerfile.v0", ...local];
    assert.deepEqual(buildArguments(buildKit, BUILD), [...head, "--output", output]);
    assert.deepEqual(buildArguments(buildKit, EVERYTHING), [
      ...head,
      ...[
        "--opt",
        "target=final",
        "--opt",
        "platform=linux/amd64",
        "--opt",
        "build-arg:A=1,2",
        "--opt",
        "build-arg:B=x=y",
      ],
      ...["--no-cache", "--secret", 'id=npm,"src=/tmp/a,b/secret-0"', "--ssh", "default"],
      ...["--import-cache", "type=registry,ref=registry.test/cache:1", "--import-cache", "type=local,src=/c"],
      ...["--export-cache", "type=registry,ref=registry.test/cache,mode=max", "--output", output],
    ]);
  });

  it("for docker buildx, with and without an image store", () => {
    const head = [
      "buildx",
      "build",
      "--progress",
      "plain",
      "--provenance=false",
      "--sbom=false",
      "--file",
      BUILD.dockerfile,
    ];
    assert.deepEqual(buildArguments({ ...buildx, usesImageStore: true }, BUILD), [
      ...head,
      "--load",
      "--iidfile",
      BUILD.idFile,
      "/app",
    ]);
    const args = buildArguments(buildx, EVERYTHING);
    assert.deepEqual(args.slice(0, head.length), head);
    assert.equal(args.at(-1), "/app");
    assert.ok(args.includes("--build-arg") && args.includes("A=1,2") && !args.includes("--load"));
  });

  it("for podman and buildah, which only know caches in registries", () => {
    const storage = ["--root", "/cache/containers", "--runroot", "/run/containers"];
    for (const name of ["podman", "buildah"] as const) {
      assert.deepEqual(buildArguments(containers(name), EVERYTHING), [
        ...storage,
        ...["build", "--layers", "--format", "docker", "--isolation", "chroot", "--identity-label=false"],
        ...["--file", BUILD.dockerfile, "--iidfile", BUILD.idFile, "--ignorefile", BUILD.ignoreFile],
        ...[
          "--target",
          "final",
          "--platform",
          "linux/amd64",
          "--build-arg",
          "A=1,2",
          "--build-arg",
          "B=x=y",
          "--no-cache",
        ],
        ...["--secret", "id=npm,src=/tmp/a,b/secret-0", "--ssh", "default"],
        ...["--cache-from", "registry.test/cache", "--cache-to", "registry.test/cache", "/app"],
      ]);
    }
    const remote = buildArguments(containers("podman", { isRemote: true, options: new Set() }), BUILD);
    assert.deepEqual(remote.slice(0, 4), ["build", "--layers", "--format", "docker"]);
    assert.ok(!remote.includes("--isolation"));
  });

  it("takes the repository of a cache without its tag", () => {
    assert.equal(registryCache("localhost:5000/cache:main"), "localhost:5000/cache");
    assert.equal(registryCache("localhost:5000/cache"), "localhost:5000/cache");
    assert.equal(registryCache("type=registry,ref=a.test/b@sha256:00"), "a.test/b");
    assert.equal(registryCache("type=gha"), undefined);
  });
});

describe("what a builder cannot do", () => {
  const dockerfile = parseInstructions(
    "FROM scratch\nRUN --mount=type=secret,id=npm --mount=type=secret,target=/run/secrets/other true\nCOPY <<EOF /x\nhello\nEOF\n",
  );

  it("is refused if the result would differ", () => {
    const old = containers("buildah", { options: new Set() });
    assert.throws(
      () =>
        checkCapabilities(
          old,
          { ...BUILD, secretFiles: new Map([["npm", "/s"]]), ssh: ["default"] },
          dockerfile,
          "Dockerfile",
        ),
      (error) => {
        assert.ok(UnikernelError.has(error, "NOT_SUPPORTED"));
        assert.equal(
          error.message,
          "buildah 1.28.2 does not know here-documents, which Dockerfile:3 uses; buildah 1.28.2 does not support build secrets; buildah 1.28.2 does not support SSH.",
        );
        return true;
      },
    );
  });

  it("is a warning if only the time of the build differs", () => {
    const newer = containers("podman", { version: "5.0.0", hasHeredocs: true });
    const build = { ...BUILD, cacheFrom: ["type=gha", "a.test/cache"], cacheTo: ["type=local,dest=/c"] };
    assert.deepEqual(checkCapabilities(newer, build, [], "Dockerfile"), [
      "podman 5.0.0 cannot import the cache 'type=gha'; the build goes on without it.",
      "podman 5.0.0 cannot export the cache 'type=local,dest=/c'; the build goes on without it.",
    ]);
    assert.deepEqual(checkCapabilities(buildKit, build, [], "Dockerfile"), []);
  });

  it("warns about build secrets that the Dockerfile uses and nobody gives", () => {
    const build = { ...BUILD, secretFiles: new Map([["npm", "/s"]]) };
    assert.deepEqual(checkCapabilities(buildKit, build, dockerfile, "app/Dockerfile"), [
      "app/Dockerfile:2 uses the build secret 'other', which is not given.",
    ]);
  });
});

describe("the registries of podman and buildah", () => {
  it("on the loopback address are found in the Dockerfile and its arguments", () => {
    const texts = [
      "FROM localhost:5000/base:1\nFROM 127.0.0.1:5001/x\nFROM not-localhost:5000/y\nFROM docker.io/z",
      "127.1.2.3/y",
    ];
    assert.deepEqual(loopbackRegistries(texts), ["localhost:5000", "127.0.0.1:5001", "127.1.2.3"]);
  });

  it("get docker's defaults where the user has set nothing", () => {
    assert.equal(
      completeRegistries("", ["localhost:5000"]),
      'unqualified-search-registries = ["docker.io"]\n\n[[registry]]\nlocation = "localhost:5000"\ninsecure = true\n',
    );
    const user = 'unqualified-search-registries = ["quay.io"]\n[[registry]]\nlocation = "localhost:5000"';
    assert.equal(completeRegistries(user, ["localhost:5000"]), `${user}\n`);
    const older = "[registries.search]\nregistries = ['docker.io']\n";
    assert.equal(completeRegistries(older, ["localhost:5000"]), older);
  });
});
