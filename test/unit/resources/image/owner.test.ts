/** Whose an image of this machine is. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { openLayout } from "../../../../provider/image/oci/layout";
import { claimImage, findImageHolder } from "../../../../provider/resources/image/owner";
import { removeEmptyLayout } from "../../../../provider/image/oci/transaction";
import { useCacheFolder } from "../../../support/cacheFolder";
import { putTestImage } from "../../../support/testImages";

const LOCAL = { repository: "shop", isPushed: false };
const owner = (resourceHash: string) => ({ stackHash: "0123456789ab", resourceHash, hasDerivedName: false });
const [MINE, THEIRS] = [owner("0123456789abcdef"), owner("fedcba9876543210")];

describe("the owner of an image", () => {
  const folder = useCacheFolder();
  const layout = (): string => path.join(folder.path, "layout");
  const claim = (ownership: typeof MINE | undefined, destination = LOCAL, options = {}) =>
    claimImage({ imageLayout: layout(), ...(ownership && { ownership }) }, destination, options);
  const holder = () => findImageHolder({ imageLayout: layout(), ownership: MINE }, "shop");

  it("is the first resource that claims the repository, until its last image is removed", async () => {
    assert.equal(await holder(), undefined);
    await claim(MINE);
    await claim(MINE);
    assert.equal(await holder(), "finished");
    await assert.rejects(claim(THEIRS), { code: "ALREADY_EXISTS", property: "name" });
    const { digest } = await putTestImage(folder.path, { repository: "shop" });
    await putTestImage(folder.path, { repository: "shop", kernel: "another" });
    await openLayout(layout()).remove("shop", (one) => one === digest);
    await assert.rejects(claim(THEIRS), { code: "ALREADY_EXISTS" });
    await openLayout(layout()).remove("shop");
    await claim(THEIRS);
    assert.equal(await holder(), "managed");
  });

  it("is one of many that claim it at once", async () => {
    const hashes = Array.from({ length: 8 }, (_, index) => owner(`${index}`.repeat(16)));
    const outcomes = await Promise.allSettled(hashes.map((one) => claim(one)));
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  });

  it("is the resource whose state holds the image, under a new identity too", async () => {
    await claim(THEIRS);
    await claim(MINE, LOCAL, { takesOver: true });
    assert.equal(await holder(), "finished");
  });

  it("is nobody for an image in a registry, and where the identity is not known", async () => {
    await claim(MINE, { repository: "ghcr.io/acme/shop", isPushed: true });
    await claim(undefined);
    assert.equal(await holder(), undefined);
  });

  it("is no new resource if an earlier release has made images there, but the one whose state holds them", async () => {
    await putTestImage(folder.path, { repository: "shop" });
    assert.equal(await holder(), "unmarked");
    await assert.rejects(claim(MINE), { code: "ALREADY_EXISTS", property: "name" });
    await claim(MINE, LOCAL, { takesOver: true });
    assert.equal(await holder(), "finished");
  });

  it("is the create that has just made the images", async () => {
    await putTestImage(folder.path, { repository: "shop" });
    await claim(MINE, LOCAL, { ownsImages: true });
    await assert.rejects(claim(THEIRS, LOCAL, { ownsImages: true }), { code: "ALREADY_EXISTS" });
  });

  it("is kept while it builds its first image, though the layout is empty otherwise", async () => {
    await claim(MINE);
    await claim(THEIRS, { repository: "other", isPushed: false });
    await openLayout(layout()).remove("other");
    await removeEmptyLayout(layout());
    assert.equal(await holder(), "finished");
    await openLayout(layout()).remove("shop");
    await removeEmptyLayout(layout());
    assert.equal(fs.existsSync(layout()), false);
  });

  it("is kept by each later image, and by images of other names", async () => {
    await claim(MINE);
    await putTestImage(folder.path, { repository: "shop" });
    await putTestImage(folder.path, { repository: "other" });
    await openLayout(layout()).remove("other");
    assert.equal(await holder(), "finished");
  });
});
