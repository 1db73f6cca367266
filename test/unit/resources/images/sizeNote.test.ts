import assert from "node:assert/strict";
import { formatImageSize, sizeInNote, sizeNote } from "../../../../provider/resources/images/sizeNote";

describe("the size of an image in a preview", () => {
  it("is in MiB, or in KiB below 1 MiB", () => {
    assert.equal(formatImageSize(55_857_968), "53.3 MiB");
    assert.equal(formatImageSize(1_048_576), "1.0 MiB");
    assert.equal(formatImageSize(1_048_575), "1024.0 KiB");
    assert.equal(formatImageSize(512), "0.5 KiB");
  });

  it("is read from its sentence, and from no other", () => {
    assert.equal(sizeNote(55_857_968), "the image will take 53.3 MiB");
    assert.equal(sizeInNote("the image will take 53.3 MiB."), "53.3 MiB");
    assert.equal(sizeInNote(sizeNote(700)), "0.7 KiB");
    for (const other of ["the image will take a while.", "1 file changed (the image will take 1.0 MiB).", ""])
      assert.equal(sizeInNote(other), undefined, other);
  });
});
