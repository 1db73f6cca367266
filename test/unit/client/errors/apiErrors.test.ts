import assert from "node:assert/strict";
import { formatError } from "../../../../provider/base/errors";
import { transportError } from "../../../../provider/client/errors/apiErrors";

describe("the error of a metro without a response", () => {
  const errorIn = (metro: string) =>
    formatError(
      transportError(
        { description: `GET /v1/volumes in metro '${metro}'`, metro, resource: undefined },
        "https://api",
        {
          reason: "host not found, ENOTFOUND",
          mayHaveActed: false,
          proxy: undefined,
        },
      ),
    );

  it("suggests the metro that a misspelt one resembles first", () => {
    assert.match(errorIn("locl"), /ENOTFOUND\)\. Did you mean the metro 'local'\? Check the metro's name/);
  });

  it("suggests none for a known metro, or for a URL", () => {
    for (const metro of ["fra", "http://127.0.0.1:9"]) assert.doesNotMatch(errorIn(metro), /Did you mean/);
  });
});
