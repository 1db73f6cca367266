/** docs/how-to/debug.md, command by command, on the gateway that it is about. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { localPaths } from "../../../provider/base/localPaths";
import { onlyItem } from "../../../provider/client/client";
import { COMMAND_PROGRAM } from "../../support/commandLine";
import { type SessionCommand, missingLines, runSession, sessionsOf } from "../../support/consoleSession";
import { httpGet } from "../../support/loadGenerator";
import { freePort } from "../../support/freePorts";
import { LocalPlatform, eventually } from "../../support/localPlatform";
import { codeBlocks, markdownPage } from "../../support/markdown";

const PAGE = markdownPage("docs/how-to/debug.md");

describe("docs/how-to/debug.md", function () {
  this.timeout(300_000);
  const sessions = sessionsOf(PAGE);
  let platform: LocalPlatform;
  let port: number;

  before(async () => {
    platform = await LocalPlatform.open();
    port = await freePort();
    // `npx unikernel` is the compiled command. A program, not a function: a background job of it can be killed.
    const npx = `#!/bin/sh\nshift\nexec "${process.execPath}" --disable-warning=ExperimentalWarning "${COMMAND_PROGRAM}" "$@"\n`;
    await fs.mkdir(path.join(platform.folder, "bin"));
    await fs.writeFile(path.join(platform.folder, "bin/npx"), npx, { mode: 0o755 });
    // The page's program, through the API.
    const program = codeBlocks(PAGE).find(({ language }) => language === "ts")?.code ?? "";
    const args = JSON.parse(/args: (\[.*\]),/.exec(program)?.[1] ?? "") as string[];
    assert.match(program, /cooldownTimeMs: 3000 }/);
    const item = await platform.client.createInstance(
      {
        body: {
          ...{ name: "gateway", image: "linux:latest", memory_mb: 128, autostart: true, args },
          service_group: { services: [{ port, destination_port: 8080 }] },
          scale_to_zero: { policy: "on", cooldown_time_ms: 3000 },
        },
      },
      { serverWaitMs: 60_000 },
    );
    onlyItem(item, "Creating the gateway");
  });
  after(() => platform.close());

  async function run(commands: readonly SessionCommand[]): Promise<void> {
    const printed = await runSession(commands.map(inPlace), {
      preamble: `PATH="${path.join(platform.folder, "bin")}:$PATH"`,
      cwd: platform.folder,
      timeoutMs: 120_000,
    });
    commands.forEach((command, index) => {
      const output = printed[index] ?? "";
      assert.deepEqual(missingLines(command, output), [], `$ ${command.command}\n${output}`);
    });
  }

  /** The port and the log of this test. */
  const inPlace = ({ command, shown }: SessionCommand): SessionCommand => ({
    command: command
      .replaceAll("127.0.0.1:8080", `127.0.0.1:${port}`)
      .replaceAll("~/.local/state/unikernel", path.dirname(localPaths().logFile)),
    shown,
  });

  it("shows its log, its console and where its kernel is", () => run(sessions.slice(0, 5).flat()));

  it("finds out why it is slow to wake", () => run(sessions.slice(5, -1).flat()));

  it("wakes it without a boot once it keeps its memory", async () => {
    const value = { policy: "on", stateful: true, cooldown_time_ms: 3000 };
    await platform.client.patchInstances({ body: [{ name: "gateway", op: "set", prop: "scale_to_zero", value }] });
    await eventually("it responds", async () => (await httpGet(`http://127.0.0.1:${port}/hosts`)).status === 200);
    await run(sessions.slice(-1).flat());
    const [instance] = (await platform.client.getInstances({})).items;
    const [metrics] = (await platform.client.getInstanceMetrics({})).items;
    assert.ok((instance?.start_count ?? 0) > 0 && (metrics?.wakeup_latency_sum ?? 0) > 0);
  });
});
