/**
 * An error is one sentence and changes nothing; after the fix the next `pulumi up` succeeds.
 * test/contract/pulumi/badInput.test.ts tests the errors of a preview word for word; this file tests errors that only an apply
 * finds, and how the engine shows both.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as path from "node:path";
import { localPaths } from "../../../provider/base/localPaths";
import { type OperationResult, type Stack, assertSucceeded } from "../../support/engine";
import { itInComplete } from "../../support/form";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually, isListening, findProcessesOf } from "../../support/localPlatform";
import { TestProject } from "../../support/project";
import { httpGet } from "../../support/loadGenerator";

const FIXTURE = "test/fixtures/projects/badInput";
const COMMAND = path.join(__dirname, "..", "..", "..", "dist", "provider", "cli", "main.js");

/** The program: the fixture's image and these lines. */
const program = (...lines: string[]) =>
  [
    'import * as unikernel from "pulumi-unikernel";',
    'const image = new unikernel.GatewayImage("image", { context: "./image" });',
    ...lines,
  ].join("\n");

/** The engine's only error, after the code; it concerns this resource. */
function errorOf(result: OperationResult, resource: string): string {
  assert.equal(result.succeeded, false, result.output);
  const errors = result.diagnostics.filter(
    ({ severity, message }) => severity === "error" && message !== "update failed",
  );
  assert.deepEqual(
    errors.map(({ urn }) => urn?.split("::").at(-1)),
    [resource],
    result.output,
  );
  const message = errors[0]?.message ?? "";
  assert.doesNotMatch(result.output, /^\s+at .*:\d+:\d+\)?$/m, "a stack trace");
  assert.doesNotMatch(result.output, /s3cret/);
  return message;
}

/** Files below the state folder except the daemon's own, with their sizes. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const { daemonFile, tokenFile, platformIdFile, databaseFile: database, logFile } = localPaths();
  const own = [daemonFile, tokenFile, platformIdFile, logFile, database, `${database}-wal`, `${database}-journal`];
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !own.includes(file));
  return (await Promise.all(files.map(async (file) => `${file} ${(await fs.stat(file)).size}`))).sort();
}

/** A secret is encrypted again each time the state is written. */
const withoutCiphertext = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null, (key, inner: unknown) => (key === "ciphertext" ? "" : inner)));

/** Everything that a failed operation must not change. */
async function everything(stack: Stack, platform: LocalPlatform): Promise<unknown> {
  const { resources, pendingOperations } = await stack.state();
  return {
    resources: resources
      .filter(({ type }) => !type.startsWith("pulumi:")) // the stack and the default provider are the engine's own
      .sort((a, b) => (a.urn < b.urn ? -1 : 1))
      .map(({ urn, id, inputs, outputs }) => withoutCiphertext({ urn, id, inputs, outputs })),
    pendingOperations,
    virtualMachines: await platform.virtualMachines(),
    files: await filesOf(platform.folder),
  };
}

/** Runs an operation that fails, asserts that nothing changed, and returns its one error. */
async function failing(
  stack: Stack,
  platform: LocalPlatform,
  resource: string,
  operation: "preview" | "up" | "destroy" = "up",
): Promise<string> {
  const before = await everything(stack, platform);
  const message = errorOf(await stack[operation](), resource);
  assert.deepEqual(await everything(stack, platform), before);
  return message;
}

describe("a real program with bad input", function () {
  this.timeout(300_000);
  let platform: LocalPlatform;
  let project: TestProject;
  let stack: Stack;
  const qemu = process.env["UNIKERNEL_QEMU"];
  const restoreQemu = (): void => {
    if (qemu === undefined) delete process.env["UNIKERNEL_QEMU"];
    else process.env["UNIKERNEL_QEMU"] = qemu;
  };

  const open = async (): Promise<void> => {
    platform = await LocalPlatform.open();
    project = await TestProject.copy(FIXTURE);
    stack = project.stack({});
  };
  const close = async (): Promise<void> => {
    restoreQemu();
    await project.remove();
    await platform.close();
  };

  describe("that a preview rejects", () => {
    before(open);
    after(close);

    const head = (kind: string, name: string) =>
      `pulumi-nodejs:dynamic/unikernel:${kind} resource '${name}' has a problem: `;
    const previewed = async (resource: string, of = stack): Promise<string> => {
      const message = await failing(of, platform, resource, "preview");
      assert.deepEqual(await findProcessesOf(platform.folder), [], "no daemon is started");
      assert.deepEqual(await fs.readdir(platform.folder), []);
      return message;
    };

    it("shows file, line and column of the Kraftfile", async () => {
      const good = await fs.readFile(path.join(project.folder, "image/Kraftfile"), "utf8");
      await project.write("image/Kraftfile", good.replace("rootfs:", "rootsf:"));
      assert.equal(
        await previewed("image"),
        `${head("GatewayImage", "image")}KRAFTFILE_INVALID: context: image/Kraftfile:3:1: unknown key 'rootsf', did you mean 'rootfs'?\n  rootsf: ./rootfs\n  ^`,
      );
      await project.write("image/Kraftfile", good);
    });

    it("shows the path of the property", async () => {
      await project.write(
        "index.ts",
        program(
          'const port = { port: 8080, handlers: ["http" as const] };',
          'new unikernel.Service("web", { ports: [port], template: { image: image.ref, env: { TOKEN: "s3cret" } } });',
        ),
      );
      assert.equal(
        await previewed("web"),
        `${head("Service", "web")}INPUT_INVALID: ports[0].handlers: port 8080 cannot have the handler "http", which only ports 80 and 443 can have; remove it for plain TCP.`,
      );
    });

    it("reports a missing token", async () => {
      await project.write("index.ts", program());
      assert.match(
        await previewed("image", project.stack({ "unikernel:metro": "fra" })),
        /has a problem: CONFIG_INVALID: No token for metro 'fra' \(from unikernel:metro.*\)\. Set one with 'pulumi config set --secret unikernel:token …'/,
      );
    });
  });

  describe("for an unreachable metro", () => {
    before(open);
    after(close);

    it("fails with one sentence without the token", async () => {
      const data = 'import * as unikernel from "pulumi-unikernel";\nnew unikernel.Volume("data", { sizeMb: 8 });';
      await project.write("index.ts", data);
      const away = project.stack({
        "unikernel:metro": `http://127.0.0.1:${await freePort()}`,
        "unikernel:token": { secret: "s3cret" },
      });
      assert.match(
        await failing(away, platform, "data"),
        /^API_UNREACHABLE: POST \/v1\/volumes in metro '(.*)' got no response from \1 \(connection refused, ECONNREFUSED\)\. Check the metro's name, the network/,
      );
      assert.deepEqual(await findProcessesOf(platform.folder), []);
      assert.doesNotMatch(await project.readStoredState(), /s3cret/);
    });
  });

  describe("that only the metro rejects", () => {
    /** What exists before and after each of these tests, and additional lines. */
    const withBase = (...more: string[]) =>
      program(
        'const guest = { image: image.ref, memoryMb: 96, args: ["/bin/sh", "-c", "exec sleep 1000000"] };',
        'const data = new unikernel.Volume("data", { sizeMb: 8 });',
        'const other = new unikernel.Volume("other", { sizeMb: 8 });',
        'new unikernel.Instance("holder", { ...guest, volumes: [{ volume: data.id, at: "/data" }] });',
        ...more,
      );
    let present: number;

    before(async () => {
      await open();
      await project.write("index.ts", withBase());
      assertSucceeded(await stack.up());
      present = (await stack.state()).resources.length;
    });
    afterEach(async () => {
      if ((await stack.state()).resources.length === present) return;
      await project.write("index.ts", withBase());
      assertSucceeded(await stack.up());
    });
    after(close);

    it("fails for too little guest memory and names the minimum", async () => {
      await project.write("index.ts", withBase('new unikernel.Instance("small", { ...guest, memoryMb: 32 });'));
      assert.match(
        await failing(stack, platform, "small"),
        /Instance resource 'small' has a problem: INPUT_INVALID: memoryMb: The guest needs (\d+) MiB of memory \(.*\), but gets 32\. Set memoryMb to \1 or more\.$/,
      );
    });

    it("fails for a replica with too little memory without mentioning a rollout", async () => {
      const port = await freePort();
      const template = "template: { image: image.ref, memoryMb: 32 }";
      await project.write(
        "index.ts",
        withBase(`new unikernel.Service("small", { ports: [{ port: ${port} }], ${template} });`),
      );
      assert.match(
        await failing(stack, platform, "small"),
        /Service resource 'small' has a problem: INPUT_INVALID: template\.memoryMb: The guest needs (\d+) MiB of memory \(.*\), but gets 32\. Set memoryMb to \1 or more\.$/,
      );
      assert.equal(await isListening(port), false);
      assert.deepEqual((await platform.client.getServices({})).items, []);
    });

    it("fails for a name that is taken, and succeeds once it is free", async () => {
      const existing = (await platform.client.createVolume({ body: { name: "taken", size_mb: 8 } })).items[0];
      await project.write("index.ts", withBase('new unikernel.Volume("mine", { name: "taken", sizeMb: 16 });'));
      assert.equal(
        await failing(stack, platform, "mine"),
        "pulumi-nodejs:dynamic/unikernel:Volume resource 'mine' has a problem: ALREADY_EXISTS: name: volume 'taken' exists in this metro already. Set adopt: true to manage it, or choose another name.",
      );
      await platform.client.deleteVolumes({ body: [{ uuid: existing?.uuid ?? "" }] });
      assertSucceeded(await stack.up());
      const { items } = await platform.client.getVolumes({ query: { name: ["taken"] } });
      assert.deepEqual(
        items.map((item) => item.size_mb),
        [16],
      );
    });

    it("fails for a port of another program, and serves once that exits", async () => {
      const program = net.createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => program.once("listening", resolve));
      const { port } = program.address() as net.AddressInfo;
      try {
        const ports = `ports: [{ port: ${port}, destinationPort: 8080 }]`;
        await project.write(
          "index.ts",
          withBase(`new unikernel.Service("web", { ${ports}, template: { image: image.ref, memoryMb: 96 } });`),
        );
        assert.match(
          await failing(stack, platform, "web"),
          new RegExp(
            `resource 'web' has a problem: IN_USE: ports\\[0\\]\\.port: another program on this machine listens on port ${port}\\. Publish another port, or stop the program that uses it\\.$`,
          ),
        );
      } finally {
        await new Promise((resolve) => program.close(resolve));
      }
      assertSucceeded(await stack.up());
      assert.deepEqual(await httpGet(`http://127.0.0.1:${port}/`), { status: 200, body: "served\n" });
    });

    it("fails for a volume that another instance holds, and succeeds with another volume", async () => {
      const second = (volume: string) =>
        withBase(`new unikernel.Instance("second", { ...guest, volumes: [{ volume: ${volume}.id, at: "/data" }] });`);
      await project.write("index.ts", second("data"));
      assert.match(
        await failing(stack, platform, "second"),
        /^IN_USE: volumes: Creating instance 'second-[0-9a-f]{7}' failed: Volume 'data-[0-9a-f]{7}' is attached to instance 'holder-[0-9a-f]{7}'\. Give it its own volume, or mount the volume read-only in every instance\.$/,
      );
      await project.write("index.ts", second("other"));
      assertSucceeded(await stack.up());
      assert.equal((await platform.virtualMachines()).length, 2);
    });

    const ending = (script: string) =>
      withBase(
        `const args = ["/bin/sh", "-c", ${JSON.stringify(script)}];`,
        'new unikernel.Instance("ends", { ...guest, args, env: { TOKEN: "s3cret" } });',
      );

    /** Runs an update that fails for the instance. Returns its error and everything that was printed. */
    async function ended(script: string): Promise<{ error: string; output: string }> {
      await project.write("index.ts", ending(script));
      const result = await stack.up();
      // The engine counts the reasons of a resource that exists although it failed.
      const error = errorOf(result, "ends").replace(/^1 error occurred:\s+\* /, "");
      return { error, output: result.output };
    }
    const instanceIds = async () => (await platform.client.getInstances({})).items.map(({ uuid }) => uuid);
    const PLACE =
      "'npx unikernel logs ends-[0-9a-f]{7} --metro local' shows its console log\\. Check the program's arguments, the image's files and the memory it gets\\.$";

    it("fails for a program that exits at once, with exit code and the place of its console log", async () => {
      const { error, output } = await ended("cat /licence; echo $TOKEN; exit 3");
      const reason = "the program exited with code 3\\.";
      assert.match(error, new RegExp(`^GUEST_STOPPED: Instance 'ends-[0-9a-f]{7}' stopped: ${reason} ${PLACE}`));
      assert.match(output, /Last console lines of instance 'ends-[0-9a-f]{7}':/);
      assert.match(output, /\| .*No such file or directory\n *\| \[secret\]/, "the engine's log shows them");
      assert.doesNotMatch(await project.readStoredState(), /No such file or directory/, "the state does not");
      const [, command = ""] = /'npx unikernel (logs [^']*)'/.exec(error) ?? [];
      const log = execFileSync(process.execPath, [COMMAND, ...command.split(" ")], { encoding: "utf8" });
      assert.match(log, /No such file or directory\r?\ns3cret/, "the command shows the log");
    });

    it("fails for a guest that panics, and goes on with the same instance once the program is corrected", async () => {
      const { error } = await ended("echo last words; echo c >/proc/sysrq-trigger");
      const reason = "the kernel crashed before the program ended \\(explicit crash or failed assertion\\)\\.";
      assert.match(error, new RegExp(`^GUEST_STOPPED: Instance 'ends-[0-9a-f]{7}' stopped: ${reason} ${PLACE}`));
      const failed = await instanceIds();
      await project.write("index.ts", ending("exec sleep 600"));
      assertSucceeded(await stack.up());
      assert.deepEqual([await instanceIds(), (await platform.virtualMachines()).length], [failed, 2]);
    });

    it("leaves nothing behind after destroy", async () => {
      assertSucceeded(await stack.destroy());
      await platform.assertNothingLeft();
      present = (await stack.state()).resources.length;
    });
  });

  describe("on a machine without QEMU", () => {
    before(open);
    after(close);

    it("fails with an installation hint, and succeeds after installation", async () => {
      await project.write("index.ts", program());
      assertSucceeded(await stack.up());
      await project.write("index.ts", program('new unikernel.Instance("guest", { image: image.ref, memoryMb: 96 });'));
      process.env["UNIKERNEL_QEMU"] = "/nowhere/qemu-system-x86_64";
      assert.match(
        await failing(stack, platform, "guest"),
        /^OPERATION_FAILED: Creating instance 'guest-[0-9a-f]{7}' failed: QEMU_MISSING: UNIKERNEL_QEMU is '\/nowhere\/qemu-system-x86_64', which is not an executable file\. Correct or unset it, then run 'npx unikernel local down' so that the local platform restarts with the new value\.$/,
      );
      restoreQemu();
      execFileSync(process.execPath, [COMMAND, "local", "down"], { stdio: "ignore" });
      assertSucceeded(await stack.up());
      assert.equal((await platform.virtualMachines()).length, 1);
    });
  });

  describe("that fails at deletion because of a lock", () => {
    before(open);
    after(close);
    const hint = "set deleteLock to false, run 'pulumi up', then delete it\\.$";
    const write = (resource: string, isLocked: boolean): Promise<void> =>
      project.write(
        "index.ts",
        `import * as unikernel from "pulumi-unikernel";\n${resource.replace("…", `deleteLock: ${isLocked}`)}`,
      );

    it("keeps a locked volume until it is unlocked", async () => {
      const data = 'new unikernel.Volume("data", { sizeMb: 8, … });';
      await write(data, true);
      assertSucceeded(await stack.up());
      assert.match(
        await failing(stack, platform, "data", "destroy"),
        new RegExp(
          `NOT_ALLOWED: deleteLock: Deleting volume 'data-[0-9a-f]{7}' failed: Deletion protection enabled\\. If it is locked, ${hint}`,
        ),
      );
      await write(data, false);
      assertSucceeded(await stack.up());
      assertSucceeded(await stack.destroy());
    });

    itInComplete("keeps a locked instance running until it is unlocked", async () => {
      const both = (isLocked: boolean) =>
        project.write(
          "index.ts",
          program(`new unikernel.Instance("guest", { image: image.ref, memoryMb: 96, deleteLock: ${isLocked} });`),
        );
      await both(true);
      assertSucceeded(await stack.up());
      assert.match(
        await failing(stack, platform, "guest", "destroy"),
        new RegExp(
          `NOT_ALLOWED: deleteLock: Instance 'guest-[0-9a-f]{7}' is locked against deletion\\. S${hint.slice(1)}`,
        ),
      );
      assert.equal((await platform.virtualMachines()).length, 1);
      await both(false);
      assertSucceeded(await stack.up());
      assertSucceeded(await stack.destroy());
    });
  });

  // A real full disk needs its own file system, which only root can mount. That every user sees the same messages is tested
  // in test/unit/platform/volumes/diskSpace.test.ts and, with /dev/full, in test/unit/image.
  describe("on a full disk", () => {
    let isOpen = false;
    before(async function () {
      if (!canMount()) this.skip();
      await open();
      isOpen = true;
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", platform.folder]);
    });
    after(async () => {
      if (!isOpen) return;
      for (const { pid } of await findProcessesOf(platform.folder)) process.kill(pid, "SIGKILL");
      await eventually("processes are gone", async () => (await findProcessesOf(platform.folder)).length === 0);
      execFileSync("umount", [platform.folder]);
      await close();
    });
    const hint = "Free some space, or point UNIKERNEL_STATE_DIR at a larger disk\\.$";

    it("fails for an image with its size and path and leaves no file", async () => {
      await project.write("index.ts", "");
      assertSucceeded(await stack.up());
      await project.write("index.ts", program());
      assert.match(
        await failing(stack, platform, "image"),
        new RegExp(
          `^NO_SPACE: No space left on the disk while writing [0-9.]+ MiB of an image to '${platform.folder}/.*'\\. ${hint}`,
        ),
      );
      assert.deepEqual(await findProcessesOf(platform.folder), []);
    });

    it("fails for a volume with the free space", async () => {
      await project.write(
        "index.ts",
        'import * as unikernel from "pulumi-unikernel";\nnew unikernel.Volume("data", { sizeMb: 64 });',
      );
      assert.match(
        await failing(stack, platform, "data"),
        new RegExp(
          `^OPERATION_FAILED: Creating volume 'data-[0-9a-f]{7}' failed: There is no space left for 64 MiB: '${platform.folder}/volumes' has \\d MiB free\\. ${hint}`,
        ),
      );
      assert.deepEqual((await platform.client.getVolumes({})).items, []);
    });

    it("fails at once if the local platform itself cannot start", async () => {
      execFileSync(process.execPath, [COMMAND, "local", "down"], { stdio: "ignore" });
      await fs.writeFile(path.join(platform.folder, "full"), Buffer.alloc(8 * 2 ** 20)).catch(() => undefined);
      assert.match(
        await failing(stack, platform, "data"),
        new RegExp(
          `^NO_SPACE: There is no space left on the disk of '${platform.folder}' to start the local platform\\. ${hint}`,
        ),
      );
      assert.deepEqual(await findProcessesOf(platform.folder), []);
    });
  });
});

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
