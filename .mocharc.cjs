/** The lanes' own settings are in scripts/test/lanes.mjs; this is what also holds when one file is run by hand. */
"use strict";
const isUnit = process.env["UNIKERNEL_TEST_LANE"] === "unit" || process.argv.some((arg) => arg.includes("test/unit"));

module.exports = {
  require: ["tsx/cjs", ...(isUnit ? ["./test/support/offline.ts"] : [])],
  extension: ["ts"],
  forbidOnly: true,
  timeout: 20_000,
};
