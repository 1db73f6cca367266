/** QEMU is killed in the middle of responses that only the end of the connection completes: curl must notice, on every kind of port. */
import assert from "node:assert/strict";
import { CURL_CUT_CODES, PORT_FORMS, PortForms } from "../../support/portForms";
import { Lab, waitForResponse } from "./lab";

/** busybox passes on what they print, without a Content-Length, and closes the connection when they end. */
const SERVER = String.raw`
mkdir -p /www/cgi-bin && cd /www/cgi-bin
echo '#!/bin/sh
printf "Content-Type: text/plain\r\n\r\npart"; sleep 600' > part
echo '#!/bin/sh
printf "Content-Type: text/plain\r\n\r\nwhole"' > whole
chmod +x part whole
httpd -f -p 80 -h /www`;

describe("QEMU that is killed in the middle of a response", function () {
  this.timeout(120_000);
  let lab: Lab;
  before(async () => {
    lab = await Lab.open();
  });
  after(() => lab.close());

  it("resets its clients; those of whole responses get their end", async () => {
    const vm = await lab.start(lab.script(SERVER));
    await waitForResponse(vm, 80);
    const ports = await PortForms.open(vm);
    try {
      for (const form of PORT_FORMS) {
        const beganMs = performance.now();
        assert.deepEqual(await ports.curl(form, "/cgi-bin/whole").done, { form, body: "whole", code: 0 });
        console.log(`      ${form}: a whole response in ${Math.round(performance.now() - beganMs)} ms`);
      }
      const cut = await ports.curlAll("/cgi-bin/part", () => void process.kill(vm.pid ?? 0, "SIGKILL"));
      for (const { form, body, code } of cut) {
        assert.equal(body, "part");
        assert.ok(CURL_CUT_CODES.includes(code), `${form}: curl ended with ${code}`);
      }
    } finally {
      ports.close();
    }
  });
});
