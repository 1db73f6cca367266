/** Variables of a `.env` file, compared with what Node itself loads from one (`node --env-file`). */
import assert from "node:assert/strict";
import * as childProcess from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as unikernel from "../../../sdk";

const valueOf = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => void output.apply(resolve));

describe("dotenv", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), "dotenv-"));
    file = path.join(folder, ".env");
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  async function load(text: string): Promise<Readonly<Record<string, string>>> {
    await fs.writeFile(file, text);
    const variables = Object.entries(unikernel.dotenv(file));
    return Object.fromEntries(await Promise.all(variables.map(async ([name, value]) => [name, await valueOf(value)])));
  }
  /** What Node sets for the file in an empty environment. */
  function loadWithNode(): Readonly<Record<string, string>> {
    const print = "console.log(JSON.stringify(process.env))";
    const output = childProcess.execFileSync(process.execPath, [`--env-file=${file}`, "-e", print], { env: {} });
    return JSON.parse(output.toString()) as Record<string, string>;
  }

  it("loads the variables that Node loads", async () => {
    const text = [
      "# the gateway",
      "MDCB_URL=mdcb.example.com:443",
      "  export MDCB_KEY = abc=def==  ",
      'DOUBLE="two words # no comment" # a comment',
      "SINGLE='$NOT_EXPANDED \\n'",
      'BREAK="a\\nb"',
      "BACK=`both \" and '`",
      "PLAIN=a value # a comment",
      'KEY="-----BEGIN-----',
      "MIIB",
      '-----END-----"',
      "EMPTY=",
      "A.b-c_1=1",
      "TWICE=1",
      "TWICE=2",
    ].join("\n");
    const loaded = await load(text);
    assert.deepEqual(loaded, loadWithNode());
    assert.equal(Object.keys(loaded).length, 11);
    assert.equal(loaded["KEY"], "-----BEGIN-----\nMIIB\n-----END-----");
    assert.deepEqual(await load(`\uFEFF${text.replaceAll("\n", "\r\n")}\r\n`), loaded);
  });

  // parseEnv of Node 22 takes the next line as the value of A.
  it("keeps the variable after an empty one that ends in a blank", async () => {
    assert.deepEqual(await load("A= \nB=2\n"), { A: "", B: "2" });
  });

  it("marks every value as secret", async () => {
    await fs.writeFile(file, "A=1\nB=\n");
    for (const value of Object.values(unikernel.dotenv(file))) assert.ok(await pulumi.isSecret(value));
  });

  const invalid: Readonly<Record<string, readonly [text: string, reason: RegExp]>> = {
    "a line without =": ["A=1\n\nhunter2\nB=2", /:3: this is not NAME=value\.$/],
    "a name that begins with a digit": ["1A=hunter2", /:1: this is not NAME=value/],
    "no name": ["=hunter2", /:1: this is not NAME=value/],
    YAML: ["A: hunter2", /:1: this is not NAME=value/],
    "a name that JavaScript interprets": ["__proto__=hunter2", /:1: a variable cannot have this name/],
    "an open quote": ["A=1\nB='hunter2\nC=3\n", /:2: the quote at the start of the value is not closed/],
    "text after a quote": ["A='hunter2'hunter2", /:1: there is text after the closing quote/],
    "an escaped quote": ['A="hunter2\\"hunter2"', /:1: there is text after the closing quote/],
    "a # that would cut a value off": [
      "A=1 # one\nB=hunter2#hunter2",
      /:2: # starts a comment; put the value in quotes/,
    ],
  };
  for (const [what, [text, reason]] of Object.entries(invalid)) {
    it(`names file and line, and never a value: ${what}`, async () => {
      await assert.rejects(load(text), (error) => {
        assert.ok(pulumi.RunError.isInstance(error));
        assert.match(error.message, /^INPUT_INVALID: .*\.env:\d/);
        assert.match(error.message, reason);
        assert.ok(!error.message.includes("hunter2"));
        return true;
      });
    });
  }

  it("reads UTF-8 with a byte order mark, and names a file in another encoding", async () => {
    assert.deepEqual(await load("\uFEFFNAME=é\r\n"), { NAME: "é" });
    const others = [
      Buffer.from("\uFEFFNAME=1\n", "utf16le"),
      Buffer.from("NAME=1\n", "utf16le"),
      Buffer.from("NAME=1\n", "utf16le").swap16(),
      Buffer.from("NAME=\u00e9\n", "latin1"),
    ];
    for (const bytes of others) {
      await fs.writeFile(file, bytes);
      assert.throws(() => unikernel.dotenv(file), /\.env' cannot be loaded: it is not UTF-8; save it as UTF-8\.$/);
    }
  });

  it("names a file that is missing, none, or too large", async () => {
    assert.throws(
      () => unikernel.dotenv(file),
      /INPUT_INVALID: .*\.env' cannot be loaded: it does not exist; create it, or correct the path/,
    );
    assert.throws(() => unikernel.dotenv(folder), /it is not a file/);
    childProcess.execFileSync("mkfifo", [file]);
    assert.throws(() => unikernel.dotenv(file), /it is not a file/);
    await fs.rm(file);
    await fs.writeFile(file, "#".repeat(2 ** 20 + 1));
    assert.throws(() => unikernel.dotenv(file), /it is larger than 1 MiB/);
  });
});
