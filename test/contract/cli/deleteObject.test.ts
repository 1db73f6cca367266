/** `unikernel delete`, on the local platform. */
import assert from "node:assert/strict";
import { CommandPlatform } from "../../support/commandPlatform";
import { freePort } from "../../support/freePorts";
import type { TestPlatform } from "../../support/testPlatform";

const FINISHED = "pulumi:0123456789ab:0123456789abcdef";

describe("'unikernel delete'", () => {
  let commands: CommandPlatform;
  let platform: TestPlatform;
  beforeEach(async () => {
    commands = await CommandPlatform.open();
    ({ platform } = commands);
    process.env["UKC_METRO"] = "local";
    await platform.start();
  });
  afterEach(() => commands.close());

  const remove = (...args: readonly string[]) => commands.text("delete", ...args);
  const refuse = (...args: readonly string[]) => commands.failure("delete", ...args);
  const names = async (kind: string) => (await platform.api("GET", `/v1/${kind}`)).items.map(({ name }) => name);

  it("deletes one object of each kind by its name", async () => {
    await platform.createRunning({ name: "one" });
    await platform.requestItem("POST", "/v1/volumes", { name: "data", size_mb: 8 });
    await platform.requestItem("POST", "/v1/services", { name: "web", services: [{ port: await freePort() }] });
    assert.equal(await remove("instance", "one"), "Deleted instance 'one' in metro 'local'.\n");
    assert.equal(await remove("volume", "data", "--metro", "local"), "Deleted volume 'data' in metro 'local'.\n");
    assert.equal(await remove("service", "web"), "Deleted service 'web' in metro 'local'.\n");
    for (const kind of ["instances", "volumes", "services"]) assert.deepEqual(await names(kind), [], kind);
    assert.equal(await remove("image", "app"), "Deleted image 'app' of this machine.\n");
    assert.match(await refuse("image", "app"), /^NOT_FOUND: There is no image 'app' on this machine\. Check the name/);
  });

  it("deletes the instances of a service only if it is told to", async () => {
    const service = await platform.requestItem("POST", "/v1/services", { name: "web", services: [{ port: await freePort() }] }); // prettier-ignore
    for (const name of ["one", "two"]) await platform.createRunning({ name, service_group: { uuid: service.uuid } });
    const refused = await refuse("service", "web");
    assert.match(refused, /^IN_USE: The service 'web' has instances: '(one|two)', '(one|two)'\. Add --with-instances/);
    assert.deepEqual(await names("instances"), ["one", "two"]);
    assert.equal(await remove("service", "web", "--with-instances"), "Deleted service 'web' in metro 'local'.\n");
    assert.deepEqual([...(await names("instances")), ...(await names("services"))], []);
    assert.match(await refuse("volume", "x", "--with-instances"), /^INPUT_INVALID: --with-instances has no effect on volume 'x'\./); // prettier-ignore
  });

  it("leaves what a stack made, a service by its instances, unless it is told otherwise", async () => {
    const service = await platform.requestItem("POST", "/v1/services", { name: "web", services: [{ port: await freePort() }] }); // prettier-ignore
    await platform.createRunning({ name: "one", service_group: { uuid: service.uuid }, tags: [FINISHED] });
    await platform.requestItem("POST", "/v1/volumes", { name: "unfinished", size_mb: 8, tags: [`${FINISHED}:unfinished`] }); // prettier-ignore
    for (const [kind, name] of [
      ["instance", "one"],
      ["service", "web"],
    ] as const)
      // prettier-ignore
      assert.match(
        await refuse(kind, name),
        new RegExp(`^IN_USE: The ${kind} '${name}' was made by a stack, which may still manage it; nothing was deleted\\. .*add --managed\\.\n$`),
      );
    assert.equal(await remove("volume", "unfinished"), "Deleted volume 'unfinished' in metro 'local'.\n");
    assert.equal(await remove("--managed", "service", "--with-instances", "web"), "Deleted service 'web' in metro 'local'.\n"); // prettier-ignore
  });

  it("suggests the name that was meant, and takes no name of a resource", async () => {
    await platform.requestItem("POST", "/v1/volumes", { name: "data-0123456", size_mb: 8 });
    for (const wanted of ["data", "data-012345"])
      assert.match(await refuse("volume", wanted), /^NOT_FOUND: Reading volume '.*' in metro 'local' failed.* Did you mean 'data-0123456'\?\n$/); // prettier-ignore
  });

  it("says what it takes", async () => {
    const kinds = "the kinds are instance, service, volume, certificate, image.";
    for (const args of [[], ["volume"], ["volume", "--managed"], ["volume", "a", "b"]])
      assert.equal(
        await refuse(...args),
        `INPUT_INVALID: 'unikernel delete' takes a kind and one name. Write 'unikernel delete <kind> <name>'; ${kinds}\n`,
      );
    assert.match(await refuse("serivce", "x"), /^INPUT_INVALID: 'serivce' is not a kind of object\. .* Did you mean service\?\n$/); // prettier-ignore
    for (const kind of ["toString", "vol"])
      assert.match(await refuse(kind, "x"), new RegExp(`^INPUT_INVALID: '${kind}' is not a kind of object\\.`));
    process.env["UKC_TOKEN"] = "t0ken";
    assert.match(await refuse("image", "app", "--metro", "fra"), /^NOT_SUPPORTED: The images of metro 'fra' are in a registry\./); // prettier-ignore
  });
});
