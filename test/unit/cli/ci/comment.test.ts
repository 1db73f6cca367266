import assert from "node:assert/strict";
import * as path from "node:path";
import { Readable } from "node:stream";
import { UnikernelError } from "../../../../provider/base/errors";
import { comment } from "../../../../provider/cli/ci/comment";
import { readInput } from "../../../../provider/cli/ci/readInput";
import { expectedComment } from "../../../support/previewJson";

const previews = path.join(__dirname, "../../../fixtures/ci/previews");
const isInvalid = (error: unknown): boolean => UnikernelError.has(error, "INPUT_INVALID");

describe("unikernel ci comment", () => {
  it("prints the comment for a file, and nothing if nothing changes", async () => {
    assert.equal(await comment([path.join(previews, "port.json")]), expectedComment("port"));
    assert.equal(await comment([path.join(previews, "none.json")]), "");
  });

  it("rejects a second file, an unknown option and a missing file", async () => {
    await assert.rejects(comment(["a.json", "b.json"]), isInvalid);
    await assert.rejects(comment(["--table"]), isInvalid);
    for (const file of [path.join(previews, "missing.json"), previews])
      await assert.rejects(comment([file]), isInvalid);
  });
});

describe("the input of a command", () => {
  it("is a file, or standard input", async () => {
    const { text, source } = await readInput("-", { stdin: Readable.from(["{", "}"]) });
    assert.deepEqual([text, source], ["{}", "Standard input"]);
    const terminal = Object.assign(Readable.from([]), { isTTY: true });
    await assert.rejects(readInput("-", { stdin: terminal }), isInvalid);
    assert.equal((await readInput(__filename)).source, `'${__filename}'`);
    const missing = (error: { hint?: string }) =>
      error.hint?.startsWith("Name the file that 'pulumi stack export' wrote");
    await assert.rejects(readInput("-", { stdin: terminal, writer: "pulumi stack export" }), missing);
    await assert.rejects(readInput(`${__filename}.x`, { writer: "pulumi stack export" }), missing);
    await assert.rejects(readInput(path.join(__filename, "x")), (error) => !isInvalid(error));
  });

  it("may be as PowerShell writes it, in UTF-16 and with a byte order mark", async () => {
    for (const bytes of [Buffer.from("\uFEFF{ö}"), Buffer.from("\uFEFF{ö}", "utf16le"), Buffer.from("{ö}")])
      assert.equal((await readInput("-", { stdin: Readable.from([bytes]) })).text, "{ö}");
  });
});
