import assert from "node:assert/strict";
import { mendBusybox } from "../../../../provider/image/runtime/mendBusybox";

describe("Debian's busybox", () => {
  it("gets a table of wget's options in which -T is a text, at the same place and of the same length", () => {
    const [before, after] = [Buffer.from("\x7fELF code "), Buffer.from("-1:\xfe--\xfb more", "latin1")];
    const faulty = Buffer.concat([before, Buffer.from("^cqSO:o:P:Y:U:T:+t:n::\0"), after]);
    const mended = mendBusybox(faulty);
    assert.deepEqual(mended, Buffer.concat([before, Buffer.from("^cqSO:o:P:Y:U:T:t:n:::\0"), after]));
    assert.notDeepEqual(faulty, mended);
  });

  it("stays as it is without the fault", () => {
    const other = Buffer.from("^cqSO:o:P:Y:U:T:+n::\0");
    assert.equal(mendBusybox(other), other);
  });
});
