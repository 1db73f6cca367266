/** The lanes' own settings are in scripts/test/runLane.mjs; this is what also holds when one file is run by hand. */
"use strict";
const lane =
  process.env["UNIKERNEL_TEST_LANE"] ?? process.argv.map((arg) => /test\/(unit|property)/.exec(arg)?.[1]).find(Boolean);
const isOffline = lane === "unit" || lane === "property";

// Coverage is of this process alone (scripts/test/coverage.mjs). tsx must have read the variable: only then do its source maps hold the sources.
require("tsx/cjs");
delete process.env["NODE_V8_COVERAGE"];

module.exports = {
  require: ["tsx/cjs", ...(isOffline ? ["./test/support/offline.ts"] : [])],
  extension: ["ts"],
  forbidOnly: true,
  timeout: 20_000,
};
