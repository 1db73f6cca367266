/** Error messages for bad input, word for word, from the dynamic provider process. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { digestOf } from "../../../provider/base/digest";
import { openLayout } from "../../../provider/image/oci/layout";
import { type CallError, DynamicProcess } from "../../support/dynamicProcess";
import { type FakeResponder, startFakeApi, success } from "../../support/fakeApi";
import { freePort } from "../../support/freePorts";
import { TestPlatform } from "../../support/testPlatform";

const GOOD = 'spec: v0.7\nruntime: linux:latest\nrootfs: ./rootfs\ncmd: ["/bin/true"]\n';
const kraftfile =
  (text: string): Change =>
  (folder) =>
    fs.writeFile(path.join(folder, "Kraftfile"), text);

/** Breaks a valid image context. */
type Change = (folder: string) => Promise<unknown>;

/** Case → the change and the printed text; `<context>` stands for the folder. */
const CONTEXTS: Readonly<Record<string, readonly [change: Change, printed: string]>> = {
  "a missing context folder": [
    (folder) => fs.rm(folder, { recursive: true }),
    "CONTEXT_INVALID: context: The image context '<context>' does not exist. Point 'context' at the folder that contains the Kraftfile; the path is relative to the program.",
  ],
  "a context without a Kraftfile": [
    (folder) => fs.rm(path.join(folder, "Kraftfile")),
    "KRAFTFILE_INVALID: context: There is no Kraftfile in '<context>'. Add one of Kraftfile, Kraftfile.yaml, Kraftfile.yml, kraft.yaml, kraft.yml, or point 'context' at the folder that contains it.",
  ],
  "two Kraftfiles": [
    (folder) => fs.writeFile(path.join(folder, "kraft.yaml"), GOOD),
    "KRAFTFILE_INVALID: context: There are several Kraftfiles in '<context>': Kraftfile, kraft.yaml. Keep one of them, or name one with 'kraftfile'.",
  ],
  "an unclosed bracket": [
    kraftfile(GOOD.replace('"]', '"')),
    `KRAFTFILE_INVALID: context: <context>/Kraftfile:4:18: this is not valid YAML: the indentation does not match the lines above, or an earlier bracket is not closed.
  cmd: ["/bin/true"
                   ^`,
  ],
  "a tab before a key": [
    kraftfile(GOOD.replace("rootfs", "\trootfs")),
    `KRAFTFILE_INVALID: context: <context>/Kraftfile:3:1: this is not valid YAML: a tab cannot indent a line; use spaces.
   rootfs: ./rootfs
  ^`,
  ],
  "an unclosed quote, without showing the value": [
    kraftfile(`${GOOD}env:\n  TOKEN: "s3cret\n`),
    "KRAFTFILE_INVALID: context: <context>/Kraftfile:6:17: this is not valid YAML: something is missing here; check for an unclosed quote or bracket, a missing ':' or ','.",
  ],
  "an unknown key, with the nearest known one": [
    kraftfile(GOOD.replace("rootfs:", "rootsf:")),
    `KRAFTFILE_INVALID: context: <context>/Kraftfile:3:1: unknown key 'rootsf', did you mean 'rootfs'?
  rootsf: ./rootfs
  ^`,
  ],
  "an item of cmd that is a number": [
    kraftfile(GOOD.replace('["/bin/true"]', '["/bin/httpd", "-p", 8080]')),
    `KRAFTFILE_INVALID: context: <context>/Kraftfile:4:27: 'cmd[2]' must be a string; put it in quotes.
  cmd: ["/bin/httpd", "-p", 8080]
                            ^`,
  ],
  "a cmd that is a map": [
    kraftfile(GOOD.replace('["/bin/true"]', "{ run: it }")),
    `KRAFTFILE_INVALID: context: <context>/Kraftfile:4:6: 'cmd' must be a list of strings, or a string. Write it as ["/bin/app", "--flag"].
  cmd: { run: it }
       ^`,
  ],
  "a rootfs that escapes through a symbolic link": [
    async (folder) => {
      await fs.rm(path.join(folder, "rootfs"), { recursive: true });
      await fs.symlink("/etc", path.join(folder, "rootfs"));
    },
    `KRAFTFILE_INVALID: context: <context>/Kraftfile:3:9: rootfs './rootfs' leaves the image context through a symbolic link; replace the link with what it points to.
  rootfs: ./rootfs
          ^`,
  ],
  "a rootfs that is a URL": [
    kraftfile(GOOD.replace("./rootfs", "https://example.com/rootfs.tar")),
    `KRAFTFILE_INVALID: context: <context>/Kraftfile:3:9: rootfs 'https://example.com/rootfs.tar' is a URL, which is not supported; download it and use a file or directory beside the Kraftfile, or an image of a registry as 'oci://…'.
  rootfs: https://example.com/rootfs.tar
          ^`,
  ],
  "a rootfs that is a link to nothing": [
    async (folder) => {
      await fs.rm(path.join(folder, "rootfs"), { recursive: true });
      await fs.symlink("gone", path.join(folder, "rootfs"));
    },
    `KRAFTFILE_INVALID: context: <context>/Kraftfile:3:9: rootfs './rootfs' is a symbolic link to 'gone', which does not exist; create it or correct the path.
  rootfs: ./rootfs
          ^`,
  ],
  "a rootfs that is a link to itself": [
    async (folder) => {
      await fs.rm(path.join(folder, "rootfs"), { recursive: true });
      await fs.symlink("rootfs", path.join(folder, "rootfs"));
    },
    `KRAFTFILE_INVALID: context: <context>/Kraftfile:3:9: rootfs './rootfs' is a symbolic link that leads back to itself; create it or correct the path.
  rootfs: ./rootfs
          ^`,
  ],
  "a folder named Kraftfile": [
    async (folder) => {
      await fs.rm(path.join(folder, "Kraftfile"));
      await fs.mkdir(path.join(folder, "Kraftfile"));
    },
    "KRAFTFILE_INVALID: context: '<context>/Kraftfile' is a folder. A Kraftfile is a text file; rename the folder, or name the file with 'kraftfile'.",
  ],
  "a file of 4 GiB": [
    async (folder) => {
      await fs.writeFile(path.join(folder, "rootfs", "big.bin"), "");
      await fs.truncate(path.join(folder, "rootfs", "big.bin"), 2 ** 32); // sparse
    },
    "CONTEXT_INVALID: context: '/big.bin' has 4294967296 bytes; a file in a CPIO archive must be smaller than 4 GiB. Split it, pack the image as EROFS, or put the file on a Volume.",
  ],
};

const template = { image: "app:1" };
/** A valid context, whose own problems would be reported beside those of other inputs. */
const SITE = path.join(__dirname, "../../../examples/quickstart/site");
const pem = (file: string): string => readFileSync(path.join(__dirname, "../../fixtures/certificates", file), "utf8");
const www = { commonName: "www.example.com", chain: pem("www.pem"), key: pem("www.key") };

/** Kind → case → inputs and the printed text. */
const INPUTS: Readonly<Record<string, Readonly<Record<string, readonly [inputs: object, printed: string]>>>> = {
  Instance: {
    "an unknown property, with the nearest known one": [
      { image: "app:1", memory: 64 },
      "memory: unknown property; did you mean 'memoryMb'?",
    ],
    "less memory than the minimum": [{ image: "app:1", memoryMb: 8 }, "memoryMb: must be at least 16, got 8."],
    "a fraction of a MiB": [{ image: "app:1", memoryMb: 64.5 }, "memoryMb: must be a whole number, got 64.5."],
    "an args item that is not a string": [{ image: "app:1", args: ["-p", 80] }, "args[1]: must be a string, got 80."],
    "an env value that is not a string, without showing it": [
      { image: "app:1", env: { PIN: 735_291 } },
      "env.PIN: must be a string, got a number.",
    ],
    "a mount path that is not absolute": [
      { image: "app:1", volumes: [{ volume: "v", at: "data" }] },
      "volumes[0].at: must be an absolute path without ':', '.', '..' or a trailing slash, got \"data\".",
    ],
    "a router outside of the network of its interface": [
      { image: "app:1", networkInterfaces: [{ network: "dmz", ip: "10.0.0.5/24", gateway: "10.1.0.1" }] },
      "networkInterfaces[0].gateway: is outside of the network 10.0.0.0/24.",
    ],
    "routes of an interface without a router": [
      { image: "app:1", networkInterfaces: [{ network: "inner", ip: "10.2.0.5/24", routes: ["10.3.0.0/24"] }] },
      "networkInterfaces[0].routes: requires gateway: through whom they lead.",
    ],
  },
  Service: {
    "no port": [{ template, ports: [] }, "ports: must not be empty."],
    "port 0": [{ template, ports: [{ port: 0 }] }, "ports[0].port: must be at least 1, got 0."],
    "port 80 without http": [
      { template, ports: [{ port: 80 }] },
      'ports[0].handlers: port 80 needs the handler "http"; write handlers: ["http"], or publish another port for plain TCP.',
    ],
    "port 443 without tls": [
      { template, ports: [{ port: 443, handlers: ["http"] }] },
      'ports[0].handlers: port 443 needs the handlers "http" and "tls"; write handlers: ["http", "tls"], or publish another port for plain TCP.',
    ],
    "http on another port": [
      { template, ports: [{ port: 9000 }, { port: 8080, handlers: ["http"] }] },
      'ports[1].handlers: port 8080 cannot have the handler "http", which only ports 80 and 443 can have; remove it for plain TCP.',
    ],
    "tls on port 80": [
      { template, ports: [{ port: 80, handlers: ["tls", "http"] }] },
      'ports[0].handlers: port 80 cannot have the handler "tls"; publish port 443 with handlers: ["http", "tls"] for TLS.',
    ],
    "redirect on a port other than 80": [
      { template, ports: [{ port: 8080, handlers: ["redirect"] }] },
      'ports[0].handlers: the handler "redirect" is for port 80 only; remove it.',
    ],
    "redirect to nowhere": [
      { template, ports: [{ port: 80, handlers: ["http", "redirect"] }] },
      "ports[0].destinationPort: a redirect needs the public port to send clients to, such as 443.",
    ],
    "a duplicate port": [
      { template, ports: [{ port: 9000 }, { port: 9000 }] },
      "ports[1].port: port 9000 is published twice; list each port once.",
    ],
    "a misspelt handler": [
      { template, ports: [{ port: 443, handlers: ["http", "tsl"] }] },
      'ports[0].handlers[1]: must be one of "tls", "http", "redirect", got "tsl". Did you mean "tls"?',
    ],
    "a template without image": [{ template: {}, ports: [{ port: 8080 }] }, "template.image: required: give a string."],
  },
  Certificate: {
    "the key of another certificate": [
      { ...www, key: pem("wild.key") },
      "key: does not match the certificate, which is the first in `chain`; give the key that it was issued for.",
    ],
    "a key with a passphrase": [{ ...www, key: pem("www.encrypted.key") }, "key: is encrypted; remove its passphrase."],
    "a key that is none, without showing it": [
      { ...www, key: "s3cret" },
      "key: is not valid PEM; give text that begins with '-----BEGIN PRIVATE KEY-----'.",
    ],
    "a chain that is a path": [
      { ...www, chain: "./www.pem" },
      "chain: is not valid PEM; give text that begins with '-----BEGIN CERTIFICATE-----': the certificate, then its issuers.",
    ],
    "a name that the certificate does not cover": [
      { ...www, commonName: "shop.example.com" },
      'commonName: \"shop.example.com\" is not a name of the certificate, which is for www.example.com, example.com.',
    ],
  },
  GatewayImage: {
    "a path in files that is not absolute, without showing the content": [
      { context: SITE, files: { motd: "s3cret" } },
      "files.motd: must be an absolute path of the guest.",
    ],
    "a file whose content is not a string": [
      { context: SITE, files: { "/port": 8080 } },
      `files["/port"]: must be a text, an asset, or an object with 'content' or 'asset', got a number.`,
    ],
  },
};

/** Case → settings and the text that every preview prints. */
const SETTINGS: Readonly<Record<string, readonly [settings: Record<string, string>, printed: string]>> = {
  "no token for a cloud metro": [
    { "unikernel:metro": "fra" },
    "CONFIG_INVALID: No token for metro 'fra' (from unikernel:metro or the Provider's arguments). Set one with 'pulumi config set --secret unikernel:token …' or UKC_TOKEN, or run on this machine with 'pulumi config set unikernel:metro local'.",
  ],
  "neither metro nor token": [
    {},
    "CONFIG_INVALID: No token for metro 'fra' (the default). Set one with 'pulumi config set --secret unikernel:token …' or UKC_TOKEN, or run on this machine with 'pulumi config set unikernel:metro local'.",
  ],
  "an invalid metro, without showing the token": [
    { "unikernel:metro": "Frankfurt am Main", "unikernel:token": "s3cret" },
    "CONFIG_INVALID: 'Frankfurt am Main' (from unikernel:metro or the Provider's arguments) is not a metro. Give 'local', a metro code such as 'fra', or the http(s) URL of an API.",
  ],
};

/** The text of a failed call. */
const printedBy = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => assert.fail("it succeeded"),
    (error: CallError) => error.message,
  );

describe("the dynamic provider process with bad input", () => {
  let folder: string;
  const stateBefore = process.env["UNIKERNEL_STATE_DIR"];
  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "unikernel-bad-input-"));
    process.env["UNIKERNEL_STATE_DIR"] = path.join(folder, "state");
  });
  after(async () => {
    if (stateBefore === undefined) delete process.env["UNIKERNEL_STATE_DIR"];
    else process.env["UNIKERNEL_STATE_DIR"] = stateBefore;
    await fs.rm(folder, { recursive: true });
  });
  /** A check is all that a preview does: it writes no state and starts no daemon. */
  const isUntouched = () => assert.rejects(fs.stat(path.join(folder, "state")), { code: "ENOENT" });

  describe("given an image context at preview", () => {
    let image: DynamicProcess;
    let context: string;
    before(async () => (image = await DynamicProcess.start("GatewayImage", { "unikernel:metro": "local" })));
    after(() => image.stop());
    beforeEach(async () => {
      context = path.join(folder, "site");
      await fs.mkdir(path.join(context, "rootfs"), { recursive: true });
      await kraftfile(GOOD)(context);
    });
    afterEach(() => fs.rm(context, { recursive: true, force: true }));

    it("warns of a guest without a program", async () => {
      await kraftfile("spec: v0.7\nruntime: linux:latest\n")(folder);
      const { failures } = await image.check({}, { context: folder, name: "app" });
      assert.deepEqual(failures, []);
      const [warning, ...others] = image.logged.filter(({ severity }) => severity === "warning");
      assert.match(
        warning?.message ?? "",
        /Kraftfile: The image names no program\. Set 'cmd', or 'args' of each instance/,
      );
      assert.deepEqual(others, []);
    });

    it("accepts a valid image context", async () => {
      assert.deepEqual((await image.check({}, { __resourceName: "site", context })).failures, []);
      await isUntouched();
    });

    for (const [what, [change, printed]] of Object.entries(CONTEXTS)) {
      it(`rejects the image context: ${what}`, async () => {
        await change(context);
        const { failures } = await image.check({}, { __resourceName: "site", context });
        assert.deepEqual(failures, [{ property: "", reason: printed.replaceAll("<context>", context) }]);
        await isUntouched();
      });
    }
  });

  for (const [kind, cases] of Object.entries(INPUTS)) {
    describe(`given the inputs of ${kind} at preview`, () => {
      let resource: DynamicProcess;
      before(async () => (resource = await DynamicProcess.start(kind, { "unikernel:metro": "local" })));
      after(() => resource.stop());
      for (const [what, [inputs, printed]] of Object.entries(cases)) {
        it(`rejects the inputs: ${what}`, async () => {
          const { failures } = await resource.check({}, { __resourceName: "it", ...inputs });
          assert.deepEqual(failures, [{ property: "", reason: `INPUT_INVALID: ${printed}` }]);
          await isUntouched();
        });
      }
    });
  }

  describe("given settings at preview", () => {
    for (const [what, [settings, printed]] of Object.entries(SETTINGS)) {
      it(`rejects the settings: ${what}`, async () => {
        const volume = await DynamicProcess.start("Volume", settings);
        try {
          const { failures } = await volume.check({}, { __resourceName: "data", sizeMb: 8 });
          assert.deepEqual(failures, [{ property: "", reason: printed }]);
          await isUntouched();
        } finally {
          await volume.stop();
        }
      });
    }
  });

  describe("given settings that the metro rejects at preview", () => {
    /** The text of a volume's preview if the metro, which is its own control plane, responds like this to everything. */
    async function printed(metro: (url: string) => string, answer: FakeResponder): Promise<readonly string[]> {
      await using api = await startFakeApi(answer);
      const [code, token] = [metro(api.url), "s3cret"];
      const settings = { "unikernel:metro": code, "unikernel:token": token, "unikernel:controlPlane": api.url };
      const volume = await DynamicProcess.start("Volume", settings);
      try {
        const { failures } = await volume.check({}, { __resourceName: "data", sizeMb: 8 });
        assert.ok(failures.every(({ property }) => property === ""));
        return failures.map(({ reason }) => reason.replaceAll(api.url, "<metro>"));
      } finally {
        await volume.stop();
      }
    }
    const rejecting = (status: number) => () => ({ status, body: { status: "error", message: "No" } });
    const itself = (url: string) => url;

    it("reports an unknown token without showing it", async () => {
      assert.deepEqual(await printed(itself, rejecting(401)), [
        "API_UNAUTHORIZED: unikernel:token: GET /v1/users/quotas in metro '<metro>' failed with HTTP 401: No. Check the token (unikernel:token or UKC_TOKEN) and that it belongs to this metro.",
      ]);
    });

    it("reports a metro code that does not exist", async () => {
      const metros = success("metros", { name: "fra", endpoint: "https://fra.test" });
      assert.deepEqual(
        await printed(
          () => "frb",
          () => metros,
        ),
        [
          "CONFIG_INVALID: unikernel:metro: Unknown metro 'frb'. Known metros: fra. Did you mean 'fra'? Or give the URL of its API.",
        ],
      );
    });

    it("ignores a token without permission to read quotas, and a failing metro", async () => {
      for (const status of [403, 404]) assert.deepEqual(await printed(itself, rejecting(status)), []);
    });
  });

  describe("given inputs that only the metro can reject at create", () => {
    let platform: TestPlatform;
    let settings: Record<string, string>;
    let [takenPort, port] = [0, 0];
    before(async () => {
      [takenPort, port] = [await freePort(), await freePort()];
      platform = await TestPlatform.open();
      await platform.start();
      settings = { "unikernel:metro": platform.daemon.url, "unikernel:token": platform.daemon.token };
    });
    after(() => platform.close());

    /** Creates a resource that is rejected and returns the text; asserts that everything is unchanged. */
    async function failedCreate(kind: string, inputs: object): Promise<string> {
      const everything = async () =>
        Promise.all(
          ["instances", "services", "volumes", "certificates"].map(async (type) =>
            (await platform.api("GET", `/v1/${type}?details=false`)).items.map(({ uuid }) => uuid),
          ),
        );
      const before = await everything();
      const resource = await DynamicProcess.start(kind, settings);
      try {
        const checked = await resource.check({}, { __resourceName: "it", ...inputs });
        assert.deepEqual(checked.failures, []);
        const printed = await printedBy(resource.create(checked.inputs));
        assert.deepEqual(await everything(), before);
        return printed;
      } finally {
        await resource.stop();
      }
    }

    /** The failures of the check of a new resource, and the warnings that it prints. */
    async function checkedNew(kind: string, inputs: object): Promise<readonly [string[], readonly string[]]> {
      const resource = await DynamicProcess.start(kind, settings);
      try {
        const { failures } = await resource.check({}, { __resourceName: "it", ...inputs });
        return [failures.map(({ reason }) => reason), resource.printed];
      } finally {
        await resource.stop();
      }
    }

    it("reports at preview a name that an instance or a volume has", async () => {
      const wayOut = "exists in this metro already. Set adopt: true to manage it, or choose another name.";
      await platform.createRunning({ name: "taken" });
      const instance = { name: "taken", image: "app:1" };
      assert.deepEqual(await checkedNew("Instance", instance), [
        [`ALREADY_EXISTS: name: instance 'taken' ${wayOut}`],
        [],
      ]);
      assert.deepEqual(await checkedNew("Instance", { ...instance, adopt: true }), [
        [],
        ["Instance 'it': adopts the existing instance 'taken', which needs no change."],
      ]);
      await platform.requestItem("POST", "/v1/volumes", { name: "taken", size_mb: 8 });
      assert.deepEqual(await checkedNew("Volume", { name: "taken", sizeMb: 8 }), [
        [`ALREADY_EXISTS: name: volume 'taken' ${wayOut}`],
        [],
      ]);
    });

    it("warns at preview of a name that a service has, which may be its predecessor, and fails to create it", async () => {
      await platform.requestItem("POST", "/v1/services", { name: "taken", services: [{ port: takenPort }] });
      const inputs = { name: "taken", ports: [{ port }], template };
      assert.deepEqual(await checkedNew("Service", inputs), [
        [],
        [
          "Service 'it': service 'taken' exists in this metro already. Unless this update replaces it, set adopt: true to manage it, or choose another name.",
        ],
      ]);
      assert.equal(
        await failedCreate("Service", inputs),
        "ALREADY_EXISTS: name: Creating service 'taken' failed: A service group with the name 'taken' already exists. Set adopt: true to manage the object that has it, choose another name, or leave the name out.",
      );
    });

    it("reports a port that another service publishes", async () => {
      assert.equal(
        await failedCreate("Service", { name: "second", ports: [{ port: takenPort }], template }),
        `IN_USE: ports[0].port: Creating service 'second' failed: Port ${takenPort} cannot be used by service group 'second': 'taken' publishes it, and only a port with the handler 'tls' or 'http' can have several services. Publish another port, or stop the program that uses it.`,
      );
    });

    it("reports a volume that an instance holds, for a replica", async () => {
      const { uuid } = await platform.requestItem("POST", "/v1/volumes", { name: "held", size_mb: 8 });
      await platform.createRunning({ name: "holder", volumes: [{ uuid, at: "/data" }] });
      const inputs = { ports: [{ port }], template: { ...template, volumes: [{ volume: uuid, at: "/data" }] } };
      assert.match(
        await failedCreate("Service", { name: "web", ...inputs }),
        /^IN_USE: template\.volumes: Creating instance 'web-[0-9a-f]{5}' of service 'web' failed: Volume 'held' is attached to instance 'holder'\. Give it its own volume, or mount the volume read-only in every instance\.$/,
      );
    });

    it("reports an image of ROMs that is to boot, and an image without files that is to be a ROM", async () => {
      const layout = openLayout(platform.paths.imagesDir);
      const file = path.join(platform.paths.stateDir, "a-rom");
      await fs.writeFile(file, "rom");
      const common = { platform: { os: "qemu", architecture: "x86_64" }, config: { cmd: [], env: {}, labels: {} } };
      const rom = { digest: digestOf("rom"), sizeBytes: 3, blob: file };
      await layout.putImage({ ...common, repository: "data", roms: [rom] });
      await layout.putImage({ ...common, repository: "empty", kernel: { file } });
      assert.match(
        await failedCreate("Instance", { name: "web", image: "data" }),
        /^IN_USE: image: Creating instance 'web' failed: Image 'data' has no kernel and no root file system, so it can only be used in 'roms'\. Use an image with a kernel/,
      );
      assert.match(
        await failedCreate("Service", { name: "web", ports: [{ port }], template: { image: "data" } }),
        /^IN_USE: template\.image: .*so it can only be used in 'roms'\./,
      );
      assert.match(
        await failedCreate("Instance", {
          name: "web",
          image: "app:1",
          roms: [{ name: "r", at: "/rom", image: "empty" }],
        }),
        /^IN_USE: roms: .*Image 'empty' has no file system, so it cannot be a ROM\. Use an image with one file system\./,
      );
    });

    /** Requests the deletion of a locked object and returns the text; asserts that it still exists. */
    async function failedDelete(kind: string, inputs: object): Promise<string> {
      const resource = await DynamicProcess.start(kind, settings);
      try {
        const { inputs: checked } = await resource.check({}, { __resourceName: "it", ...inputs, deleteLock: true });
        const { id, outs } = await resource.create(checked);
        const printed = await printedBy(resource.deleteLater(id, outs));
        const read = await resource.read(id, outs);
        assert.equal(read.id, id);
        // The suggested fix works.
        const unlocked = await resource.update(id, outs, { ...checked, deleteLock: false });
        await resource.deleteLater(id, unlocked);
        return printed;
      } finally {
        await resource.stop();
      }
    }

    it("reports a lock on an instance or a volume to delete", async function () {
      this.timeout(60_000); // six provider processes
      assert.equal(
        await failedDelete("Instance", { name: "kept", image: "app:1" }),
        "NOT_ALLOWED: deleteLock: Instance 'kept' is locked against deletion. Set deleteLock to false, run 'pulumi up', then delete it.",
      );
      assert.equal(
        await failedDelete("Volume", { name: "kept", sizeMb: 8 }),
        "NOT_ALLOWED: deleteLock: Deleting volume 'kept' failed: Deletion protection enabled. If it is locked, set deleteLock to false, run 'pulumi up', then delete it.",
      );
    });

    it("reports an unknown token at create without showing it", async () => {
      const volume = await DynamicProcess.start("Volume", { ...settings, "unikernel:token": "s3cret" });
      try {
        const url = settings["unikernel:metro"];
        assert.equal(
          await printedBy(volume.create({ __resourceName: "data", name: "data", sizeMb: 8 })),
          `API_UNAUTHORIZED: unikernel:token: POST /v1/volumes in metro '${url}' failed with HTTP 401: Invalid or missing token. Check the token (unikernel:token or UKC_TOKEN) and that it belongs to this metro.`,
        );
      } finally {
        await volume.stop();
      }
    });

    it("reports the stop reason of a crashed guest and where its console log is, and keeps both", async () => {
      const detail = "Kernel panic - not syncing: Out of memory";
      platform.guests.set("crashing", {
        console: `starting up\n${detail}\n`,
        exits: { afterMs: 0, exit: { kind: "panicked", detail } },
      });
      const instance = await DynamicProcess.start("Instance", settings);
      try {
        const given = { __resourceName: "it", name: "crashing", image: "app:1", env: { TOKEN: "s3cret" } };
        const { inputs } = await instance.check({}, given);
        assert.equal(
          await printedBy(instance.create(inputs)),
          `GUEST_STOPPED: Instance 'crashing' stopped: the kernel crashed before the program ended (page fault, out of memory). 'npx unikernel logs crashing --metro ${settings["unikernel:metro"]}' shows its console log. Check the program's arguments, the image's files and the memory it gets.`,
        );
      } finally {
        await instance.stop();
      }
      const { uuid } = await platform.requestItem("GET", "/v1/instances?name=crashing");
      await platform.api("DELETE", "/v1/instances", [{ uuid }]);
    });
  });

  it("reports an unreachable metro without showing the token", async () => {
    const volume = await DynamicProcess.start("Volume", {
      "unikernel:metro": "http://127.0.0.1:9",
      "unikernel:token": "s3cret",
    });
    try {
      assert.equal(
        await printedBy(volume.create({ __resourceName: "data", name: "data", sizeMb: 8 })),
        "API_UNREACHABLE: POST /v1/volumes in metro 'http://127.0.0.1:9' got no response from http://127.0.0.1:9 (connection refused, ECONNREFUSED). Check the metro's name, the network, and HTTPS_PROXY if one is needed.",
      );
      await isUntouched();
    } finally {
      await volume.stop();
    }
  });

  it("reports an unknown metro code and lists those that exist", async () => {
    const metros = [
      { name: "fra", endpoint: "https://fra.test" },
      { name: "tyo", endpoint: "https://tyo.test" },
    ];
    await using controlPlane = await startFakeApi(() => success("metros", ...metros));
    const volume = await DynamicProcess.start("Volume", {
      ...{ "unikernel:metro": "tokio", "unikernel:token": "s3cret", "unikernel:controlPlane": controlPlane.url },
    });
    try {
      assert.equal(
        await printedBy(volume.create({ __resourceName: "data", name: "data", sizeMb: 8 })),
        "CONFIG_INVALID: unikernel:metro: Unknown metro 'tokio'. Known metros: fra, tyo. Or give the URL of its API.",
      );
      assert.deepEqual(
        controlPlane.requests.map(({ method }) => method),
        ["GET"],
      );
      await isUntouched();
    } finally {
      await volume.stop();
    }
  });

  it("reports a web page at the metro's address", async () => {
    const page = http.createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Welcome</html>");
    });
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const volume = await DynamicProcess.start("Volume", { "unikernel:metro": url, "unikernel:token": "s3cret" });
    try {
      assert.equal(
        await printedBy(volume.create({ __resourceName: "data", name: "data", sizeMb: 8 })),
        `API_SHAPE: POST /v1/volumes in metro '${url}' returned HTTP 200 with text/html, not this API's JSON. Another service responds at this address. Set unikernel:metro (now '${url}') to 'local', a code such as 'fra', or the URL of an API.`,
      );
      await isUntouched();
    } finally {
      await volume.stop();
      page.closeAllConnections();
      page.close();
    }
  });
});
