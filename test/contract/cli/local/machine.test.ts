/** The commands that look at this machine or change it. All tools are scripts. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as http from "node:http";
import * as net from "node:net";
import { once } from "node:events";
import * as path from "node:path";
import type { Check } from "../../../../provider/cli/local/doctor/checks";
import { CommandPlatform } from "../../../support/commandPlatform";

/** What the probe asks a QEMU for. It exits as firmware does that has counted down. Source: `host/probe.ts`. */
const QEMU = `case "$*" in
  -version) echo "QEMU emulator version 8.2.1 (Debian)" ;;
  "-machine help") echo "q35                  Standard PC (alias of pc-q35-8.2)" ;;
  -help) echo "-sandbox on[,obsolete=allow|deny]" ;;
  *) exit 99 ;;
esac`;

describe("the commands for this machine", () => {
  let commands: CommandPlatform;
  beforeEach(async () => (commands = await CommandPlatform.open()));
  afterEach(() => commands.close());

  describe("'local doctor'", () => {
    const checks = async (): Promise<Readonly<Record<string, Check>>> => {
      const { stdout } = await commands.run(["local", "doctor", "--json"]);
      return Object.fromEntries((JSON.parse(stdout) as Check[]).map((check) => [check.name, check]));
    };

    it("reports what QEMU can do, and remembers it", async () => {
      await commands.addTool("qemu-system-x86_64", `echo "$*" >> ${commands.folder}/calls; ${QEMU}`);
      process.env["UNIKERNEL_ACCEL"] = "tcg";
      const { qemu, accelerator, sandbox } = await checks();
      assert.deepEqual(qemu, { name: "qemu", status: "ok", detail: "8.2.1" });
      assert.equal(accelerator?.status, "warn");
      assert.match(accelerator.detail, /^tcg: guests are emulated/);
      assert.equal(sandbox?.status, "ok");
      assert.deepEqual((await checks())["qemu"], qemu);
      const calls = (await fs.readFile(path.join(commands.folder, "calls"), "utf8")).trimEnd().split("\n").sort();
      assert.deepEqual(calls, ["-help", "-machine help", "-version"], "once");
    });

    it("measures the accelerator with guest code", async function () {
      if (process.arch !== "x64" || process.platform !== "linux") return this.skip();
      await commands.addTool("qemu-system-x86_64", QEMU);
      assert.deepEqual((await checks())["accelerator"], { name: "accelerator", status: "ok", detail: "kvm, measured with guest code" }); // prettier-ignore
      await commands.addTool("qemu-system-x86_64", QEMU.replace("exit 99", "exec sleep 600"));
      assert.equal((await checks())["accelerator"]?.status, "warn");
    });

    it("fails without a QEMU that works, and says why", async () => {
      const failure = async () => {
        const { code, stdout } = await commands.run(["local", "doctor"]);
        assert.equal(code, 1);
        assert.match(stdout, /\n\nVMs cannot run on this machine as it is\. \d+ ok, \d+ warnings?, 1 failure\.\n$/);
        return /^fail {2}qemu {12}(.*)\n {6} {14} {2}Install it with/m.exec(stdout)?.[1];
      };
      assert.match((await failure()) ?? "", /^UNIKERNEL_QEMU is '.*', which is not an executable file\./);
      await commands.addTool("qemu-system-x86_64", "echo nothing");
      assert.match((await failure()) ?? "", /is not a QEMU for x86-64 with the machine type q35\.$/);
      const file = path.join(commands.folder, "bin", "qemu-system-x86_64");
      await fs.writeFile(file, "#!/nowhere\n", { mode: 0o755 });
      assert.match((await failure()) ?? "", /qemu-system-x86_64' cannot be executed\.$/);
      await commands.addTool("qemu-system-x86_64", QEMU);
      process.env["UNIKERNEL_ACCEL"] = "warp";
      assert.match((await failure()) ?? "", /^UNIKERNEL_ACCEL is 'warp', which is not an accelerator\.$/);
    });

    it("finds a state folder that is open to others, and that files are not limited", async () => {
      await commands.addTool("qemu-system-x86_64", QEMU);
      const { stateDir } = commands.platform.paths;
      await fs.mkdir(stateDir, { recursive: true });
      await fs.chmod(stateDir, 0o777);
      commands.hideOtherTools();
      await commands.addTool("sh", 'echo "unlimited"');
      commands.hideOtherTools();
      const found = await checks();
      assert.equal(found["state folder"]?.status, "warn");
      assert.equal(found["open files"]?.status, "ok");
    });

    it("does not count a port that the platform itself has published", async () => {
      await commands.addTool("qemu-system-x86_64", QEMU);
      const holder = net.createServer();
      // This process has it, or another program, or nobody may: in any case it cannot be published.
      await new Promise((resolve) => holder.once("error", resolve).listen(443, "127.0.0.1", () => resolve(undefined)));
      const group = { uuid: "5a1f0c1e-0000-4000-8000-000000000001", name: "web", services: [{ port: 443 }] };
      const api = http.createServer((_, response) =>
        response.end(JSON.stringify({ status: "success", data: { service_groups: [group] } })),
      );
      api.listen(0, "127.0.0.1");
      await once(api, "listening");
      try {
        const { stateDir, daemonFile, tokenFile } = commands.platform.paths;
        assert.equal((await checks())["port 443"]?.status, "warn");
        await fs.mkdir(stateDir, { recursive: true });
        await fs.writeFile(tokenFile, "t0ken");
        const url = `http://127.0.0.1:${(api.address() as net.AddressInfo).port}`;
        await fs.writeFile(daemonFile, JSON.stringify({ url, pid: process.pid }));
        assert.equal((await checks())["port 443"]?.status, "ok");
      } finally {
        holder.close();
        api.close();
        api.closeAllConnections();
      }
    });
  });

  describe("'local trust'", () => {
    const { getuid } = process;
    let name: string;
    // Not root: the store of the machine must stay as it is, whatever the command does.
    beforeEach(async () => {
      process.getuid = () => 1000;
      for (const tool of ["update-ca-certificates", "install", "certutil", "mkdir"])
        await commands.addTool(tool, `echo "${tool} $*" >> ${commands.folder}/calls`);
      commands.hideOtherTools();
    });
    afterEach(() => (process.getuid = getuid as () => number));

    const run = async (...options: readonly string[]) => {
      const lines = (await commands.text("local", "trust", ...options)).split("\n");
      name = /^The certificate authority of the local platform is \S+\/state\/ca\.pem \('(.*)'\)\.$/.exec(lines[0] ?? "")?.[1] ?? ""; // prettier-ignore
      return lines.slice(1);
    };

    it("adds the certificate authority to the browsers' store, and removes it; prints what only root may do", async () => {
      const { caFile } = commands.platform.paths;
      const [system, ...others] = await run();
      assert.match(system ?? "", /^System store: run as root: install -m 0644 \S+\/state\/ca\.pem \/usr\/local\/share\/ca-certificates\/[a-z0-9-]+\.crt && update-ca-certificates$/); // prettier-ignore
      assert.deepEqual(others, [
        "Browser store: done.",
        `For one program: curl --cacert ${caFile}, or NODE_EXTRA_CA_CERTS=${caFile} for Node.`,
        "",
      ]);
      assert.deepEqual((await run("--remove")).slice(1), ["Browser store: done.", ""]);
      const calls = await fs.readFile(path.join(commands.folder, "calls"), "utf8");
      assert.deepEqual(calls.replaceAll(commands.folder, "$F").trimEnd().split("\n"), [
        "mkdir -p $F/home/.pki/nssdb",
        `certutil -A -d sql:$F/home/.pki/nssdb -t C,, -n ${name} -i $F/state/ca.pem`,
        `certutil -D -d sql:$F/home/.pki/nssdb -n ${name}`,
      ]);
    });

    it("reports a store that rejects the change", async () => {
      await commands.addTool("certutil", "echo 'the database is read-only' >&2; exit 255");
      commands.hideOtherTools();
      assert.equal(
        await commands.failure("local", "trust"),
        "OPERATION_FAILED: Changing Browser store failed: 'certutil' ended with 255. the database is read-only\n",
      );
    });
  });
});
