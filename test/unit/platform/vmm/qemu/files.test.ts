import assert from "node:assert/strict";
import * as path from "node:path";
import { LONGEST_SOCKET } from "../../../../../provider/base/localPaths";
import {
  cardSocketOf,
  COMMAND_PAIRS,
  commandSocketsOf,
  MAX_CARDS,
  vmFilesOf,
} from "../../../../../provider/platform/vmm/qemu/files";

describe("the sockets of a VM", () => {
  it("have names no longer than what the run folder is chosen for", () => {
    const runDir = "/run/unikernel";
    const files = vmFilesOf({ instancesDir: "/instances", runDir }, "2e76293e-12a1-4f76-8850-827b04a7faff");
    const sockets = [
      ...Object.values(files).filter((file) => path.dirname(file) === runDir),
      ...Array.from({ length: MAX_CARDS }, (_, index) => cardSocketOf(files, index)),
      ...Array.from({ length: COMMAND_PAIRS }, (_, index) => Object.values(commandSocketsOf(files, index))).flat(),
    ].map((file) => path.basename(file));
    assert.equal(sockets.length, 8 + MAX_CARDS + 2 * COMMAND_PAIRS);
    assert.equal(Math.max(...sockets.map((name) => name.length)), LONGEST_SOCKET.length);
  });
});
