import assert from "node:assert/strict";
import { VERSION } from "../../../provider/base/version";
import { runCommandLine } from "../../../provider/cli/runCommandLine";

/** Runs a command line, with what it printed. */
async function run(...args: readonly string[]) {
  const printed = { stdout: "", stderr: "" };
  const write = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ["stdout", "stderr"] as const)
    process[name].write = (text: string | Uint8Array) => {
      printed[name] += String(text);
      return true;
    };
  try {
    return { code: await runCommandLine(args), ...printed };
  } finally {
    process.stdout.write = write.stdout;
    process.stderr.write = write.stderr;
  }
}

describe("a command line", () => {
  it("prints the version, or the help of the command that it names", async () => {
    for (const option of ["--version", "-v"])
      assert.deepEqual(await run(option), { code: 0, stdout: `${VERSION}\n`, stderr: "" });
    for (const args of [[], ["--help"], ["-h"], ["help"], ["help", "--help"]])
      assert.match((await run(...args)).stdout, /^Usage: unikernel <command>\n/, args.join(" "));
    for (const args of [
      ["help", "ci"],
      ["ci", "--help"],
      ["-h", "ci"],
    ])
      assert.match((await run(...args)).stdout, /^Usage: unikernel ci <command>\n/, args.join(" "));
    assert.match((await run("help", "ci", "comment")).stdout, /^Usage: unikernel ci comment \[preview/);
    const { code, stdout } = await run("local", "volume", "cp", "a", "--help");
    assert.deepEqual([code, stdout.split("\n")[0]], [0, "Usage: unikernel local volume cp <volume>: <folder> | <folder> <volume>:"]); // prettier-ignore
  });

  it("leaves what follows '--' to the program that it runs", async () => {
    const { code, stderr } = await run("local", "exec", "--", "ls", "--help");
    assert.deepEqual([code, stderr.split(".")[0]], [2, "INPUT_INVALID: A command runs in one instance; 0 were named"]);
  });

  it("exits with 2 if it is wrong, and says what may be meant", async () => {
    assert.deepEqual(await run("frobnicate"), {
      code: 2,
      stdout: "",
      stderr: "INPUT_INVALID: Unknown command 'frobnicate'. 'unikernel --help' lists all commands.\n",
    });
    assert.match((await run("help", "stauts")).stderr, /^INPUT_INVALID: Unknown command 'stauts'\./);
    assert.deepEqual(await run("ci"), {
      code: 2,
      stdout: "",
      stderr: "INPUT_INVALID: 'ci' needs the name of one of its commands. 'unikernel help ci' lists them.\n",
    });
    assert.match((await run("local", "stauts", "x")).stderr, /^INPUT_INVALID: Unknown command 'local stauts'\. Did you mean 'unikernel local status'\?/); // prettier-ignore
    const { code, stderr } = await run("local", "status", "--jsn");
    assert.equal(code, 2);
    assert.match(stderr, /^INPUT_INVALID: Unknown option '--jsn'\. See 'unikernel help local status'\.\n$/);
    assert.match((await run("local", "ps", "--jsn")).stderr, /'--jsn'\. Did you mean '--json'\? See 'unikernel help local ps'\.\n$/); // prettier-ignore
  });

  it("says what is missing after the name of a group, and what a name without its group may mean", async () => {
    for (const [args, expected] of [
      [
        "local volume",
        "'local volume' needs the name of one of its commands. 'unikernel help local volume' lists them.",
      ],
      ["local --json", "'local' needs the name of one of its commands. 'unikernel help local' lists them."],
      ["local volume lz", "Unknown command 'local volume lz'. Did you mean 'unikernel local volume ls'? 'unikernel help local volume' lists its commands."], // prettier-ignore
      ["local nope", "Unknown command 'local nope'. 'unikernel help local' lists its commands."],
      ["lcal", "Unknown command 'lcal'. Did you mean 'unikernel local'? 'unikernel --help' lists all commands."],
      ["lcal ps", "Unknown command 'lcal'. Did you mean 'unikernel local ps'? 'unikernel --help' lists all commands."],
      ["ps", "Unknown command 'ps'. Did you mean 'unikernel local ps'? 'unikernel --help' lists all commands."],
      ["status", "Unknown command 'status'. Did you mean 'unikernel local status' or 'unikernel roll status'? 'unikernel --help' lists all commands."], // prettier-ignore
    ] as const) {
      const { code, stderr } = await run(...args.split(" "));
      assert.deepEqual([code, stderr], [2, `INPUT_INVALID: ${expected}\n`]);
    }
  });

  it("exits with 1 if the command fails, and says so of a folder that cannot be used", async () => {
    const before = process.env["UNIKERNEL_STATE_DIR"];
    process.env["UNIKERNEL_STATE_DIR"] = "/proc/nowhere";
    try {
      const { code, stdout, stderr } = await run("local", "images");
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /^CONFIG_INVALID: The folder '\/proc\/nowhere' cannot be used: .*set UNIKERNEL_STATE_DIR to another folder\.\n$/); // prettier-ignore
    } finally {
      if (before === undefined) delete process.env["UNIKERNEL_STATE_DIR"];
      else process.env["UNIKERNEL_STATE_DIR"] = before;
    }
  });
});
