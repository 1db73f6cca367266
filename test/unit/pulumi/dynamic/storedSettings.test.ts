import assert from "node:assert/strict";
import { migrateSettings } from "../../../../provider/pulumi/dynamic/storedSettings";

describe("settings of a Provider in old state", () => {
  it("have their timeouts in seconds turned into milliseconds", () => {
    assert.deepEqual(migrateSettings({ metro: "local", timeouts: '{"create":600,"delete":"30"}' }), {
      metro: "local",
      timeouts: '{"createMs":600000,"deleteMs":30000}',
    });
  });

  it("keep timeouts in milliseconds", () => {
    const settings = { timeouts: '{"createMs":600000,"updateMs":5000}' };
    assert.deepEqual(migrateSettings(settings), settings);
  });

  for (const timeouts of [undefined, "", "{create", "600", "null", "[1]"]) {
    it(`stay as they are where timeouts are ${JSON.stringify(timeouts)}`, () => {
      assert.deepEqual(migrateSettings({ metro: "fra", timeouts }), { metro: "fra", timeouts });
    });
  }
});
