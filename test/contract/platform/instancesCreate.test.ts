/** Instances: every field of a create, the inline resources it creates, and how they are reported. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import { openLayout } from "../../../provider/image/oci/layout";
import { openDatabase } from "../../../provider/platform/store/database";
import { writeRoms } from "../../support/layers";
import { freePort } from "../../support/freePorts";
import { type Item, TestPlatform } from "../../support/testPlatform";

describe("a new instance", () => {
  let platform: TestPlatform;
  beforeEach(async () => {
    platform = await TestPlatform.open();
    await platform.start();
  });
  afterEach(() => platform.close());

  const send = (body: object) => platform.api("POST", "/v1/instances", { image: "app:1", ...body });
  const create = async (body: object) => {
    const item = (await send(body)).items[0];
    assert.equal(item?.["status"], "success", JSON.stringify(item));
    return item as Item;
  };
  const list = async (type: string) => (await platform.api("GET", `/v1/${type}`)).items;
  const nothingLeft = async () => {
    for (const type of ["instances", "services", "volumes"]) assert.deepEqual(await list(type), [], type);
  };

  it("returns all that was set and omits the rest", async () => {
    const needed = await create({ name: "db" });
    const given = {
      name: "web",
      hostname: "front",
      env: { A: "b" },
      args: ["/x"],
      tags: ["t", "t"],
      annotations: { "example.org/team": "a b" },
      features: ["delete-on-stop"],
      dependencies: [{ name: "db" }],
      schedules: [{ name: "night", when: "*-*-* 03:00:00", action: "stop" }],
      autokill: { time_ms: 1000, num_requests: 3 },
      roms: [{ name: "conf", at: "/etc/app", files: [{ path: "a", data: "eA==", encoding: "base64" }] }],
    };
    const item = await create(given);
    const { hostname, annotations, features, autokill, roms } = given;
    for (const [key, value] of Object.entries({ hostname, annotations, features, autokill, roms })) {
      assert.deepEqual(item[key], value, key);
    }
    assert.deepEqual(item["tags"], ["t"]);
    assert.deepEqual(item["dependencies"], [{ uuid: needed.uuid, name: "db" }]);
    assert.deepEqual([item["type"], item["delete_lock"]], ["micro", false]);
    const [schedule] = item["schedules"] as Record<string, string>[];
    assert.match(schedule?.["next_at"] ?? "", /T03:00:00/);
    const plain = await create({ name: "plain" });
    for (const key of ["hostname", "annotations", "features", "autokill", "roms", "dependencies", "schedules"]) {
      assert.equal(key in plain, false, key);
    }
    for (const key of ["service_group", "services", "snapshot", "updates", "restart", "started_at", "stop_reason"]) {
      assert.equal(key in plain, false, key);
    }
  });

  it("has one network interface of its own for its whole life", async () => {
    const [a, b] = [await create({ name: "a" }), await create({ name: "b" })];
    const of = (item: Item) => (item["network_interfaces"] as Record<string, string>[])[0];
    assert.match(of(a)?.["uuid"] ?? "", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(of(a)?.["mac"] ?? "", /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
    assert.deepEqual(of(await platform.instance(a.uuid)), of(a));
    assert.notEqual(of(a)?.["uuid"], of(b)?.["uuid"]);
    assert.notEqual(of(a)?.["mac"], of(b)?.["mac"]);
  });

  it("passes host name, annotations and ROMs to its guest", async () => {
    await platform.createRunning({
      name: "web",
      hostname: "front",
      annotations: { team: "x" },
      roms: [{ name: "conf", files: [{ path: "/etc/a", data: "text" }] }],
    });
    const [spec] = platform.vmm.starts;
    assert.equal(spec?.hostname, "front");
    assert.deepEqual(spec.annotations, { team: "x" });
    const [rom] = spec.roms;
    assert.equal(rom?.at, "/rom/conf");
    assert.ok("files" in rom);
    assert.equal(Buffer.from(rom.files.get("etc/a") ?? "").toString(), "text");
  });

  it("mounts the file system of an image as a ROM and keeps it", async () => {
    const digest = await platform.addImage("data", "1", "kernel of data", "files of data");
    const { uuid } = await create({ name: "web", roms: [{ name: "data", image: "data:1", at: "/data" }] });
    const [shown] = (await platform.instance(uuid))["roms"] as Record<string, string>[];
    assert.deepEqual(shown, { name: "data", at: "/data", image: `oci://local/data@${digest}` });
    await platform.api("PUT", "/v1/instances/start", [{ uuid }]);
    const rom = platform.vmm.starts[0]?.roms[0];
    assert.ok(rom !== undefined && "archive" in rom);
    assert.equal(await fs.readFile(rom.archive, "utf8"), "files of data");
    await platform.api("DELETE", "/v1/instances", [{ uuid }]);
    await assert.rejects(fs.stat(rom.archive), { code: "ENOENT" });
    const bare = await send({ roms: [{ name: "x", image: "app:1" }] });
    assert.equal(bare.items[0]?.["error"], 24);
    const unknown = await send({ roms: [{ name: "x", image: "ghost:1" }] });
    assert.equal(unknown.items[0]?.["error"], 8);
  });

  it("boots the platform of this machine from an image of several, and none of another architecture", async () => {
    const file = `${platform.folder}/some-kernel`;
    const put = async (repository: string, platforms: readonly string[]) => {
      for (const name of platforms) await fs.writeFile(`${file}-${name}`, name);
      const images = platforms.map((name) => ({
        platform: { os: "kraftcloud", architecture: name },
        config: { cmd: [`/${name}`], env: {}, labels: {} },
        kernel: { file: `${file}-${name}` },
      }));
      await openLayout(platform.paths.imagesDir).putImages(images, { repository });
    };
    await put("both", ["arm64", "x86_64"]);
    await create({ name: "web", image: "both:latest", autostart: true });
    const [spec] = platform.vmm.starts;
    assert.deepEqual(spec?.args, ["/x86_64"]);
    assert.equal(await fs.readFile(spec.kernel, "utf8"), "x86_64");
    await put("other", ["arm64"]);
    const [refused] = (await send({ name: "other", image: "other:latest" })).items;
    assert.deepEqual(
      [refused?.["error"], refused?.message],
      [24, "Image 'other:latest' is built for kraftcloud/arm64, not for x86_64"],
    );
  });

  it("mounts the ROM of an image of ROMs, as it is", async () => {
    const roms = await writeRoms(
      platform.folder,
      ["first", "second"].map((text) => Buffer.from(text.padEnd(4096))),
    );
    const layout = openLayout(platform.paths.imagesDir);
    const image = { platform: { os: "qemu", architecture: "x86_64" }, config: { cmd: [], env: {}, labels: {} } };
    await layout.putImage({ ...image, repository: "conf", roms: roms.slice(0, 1) });
    await layout.putImage({ ...image, repository: "two", roms });
    const { uuid } = await create({ name: "web", roms: [{ name: "conf", image: "conf:latest", at: "/conf" }] });
    await platform.api("PUT", "/v1/instances/start", [{ uuid }]);
    const rom = platform.vmm.starts[0]?.roms[0];
    assert.ok(rom !== undefined && "archive" in rom);
    assert.equal(await fs.readFile(rom.archive, "utf8"), "first".padEnd(4096));
    const two = await send({ roms: [{ name: "x", image: "two:latest" }] });
    assert.equal(two.items[0]?.["error"], 24);
  });

  const MIXED = "Either a reference to an existing volume or the description of a new volume can be provided";
  const wholly: [body: object, message: string][] = [
    [{ gateway: "172.16.0.1" }, "Unknown member 'gateway'"],
    [{ branch_from: { name: "a" } }, "Cannot specify 'image' when 'branch_from' is set"],
    [{ volumes: [{ name: "v", size_mb: 8, at: "/v" }] }, MIXED],
    [{ replicas: 254 }, "'replicas' must be at most 253"],
  ];
  for (const [body, message] of wholly) {
    it(`is rejected as a whole with 400 when malformed: ${message}`, async () => {
      const answer = await send(body);
      assert.deepEqual([answer.httpStatus, answer.status, answer.message], [400, "error", message]);
    });
  }

  const items: [what: string, body: object, code: number][] = [
    ["an unsupported type", { type: "full" }, 1],
    ["a priority reserved for administrators", { sched_priority: "admin" }, 14],
    ["a value that breaks a rule", { features: ["delete-on-stop"], restart_policy: "always" }, 7],
    ["a dependency that does not exist", { dependencies: [{ name: "ghost" }] }, 8],
    ["a name too long for its replicas", { name: "a".repeat(60), replicas: 1 }, 22],
    ["a volume of a privileged account", { volumes: [{ host_path: "/etc", at: "/x" }] }, 14],
    ["an invalid service group", { service_group: { services: [{ port: 443 }] } }, 7],
    ["a file too large for a ROM", { roms: [{ name: "r", files: [{ path: "a", data: "x".repeat(1048577) }] }] }, 22],
  ];
  for (const [what, body, code] of items) {
    it(`is rejected with its code and leaves nothing behind: ${what}`, async () => {
      const answer = await send(body);
      assert.deepEqual([answer.httpStatus, answer.items[0]?.["error"]], [200, code], JSON.stringify(answer.envelope));
      await nothingLeft();
    });
  }

  it("returns the requested name when it is rejected", async () => {
    const answer = await send({ name: "web", type: "full" });
    assert.equal(answer.items[0]?.name, "web");
  });

  describe("with replicas", () => {
    it("is created several times, each with a name of its own in the response", async () => {
      const { items: made, status } = await send({ name: "web", replicas: 2 });
      assert.equal(status, "success");
      assert.equal(new Set(made.map(({ uuid }) => uuid)).size, 3);
      for (const { name } of made) assert.match(name, /^web-[a-z0-9]{5}$/);
      assert.equal(new Set(made.map(({ name }) => name)).size, 3);
      assert.equal((await list("instances")).length, 3);
    });

    it("is created with all replicas or none: the quota rejects them together", async () => {
      await create({ name: "one" });
      const answer = await send({ replicas: 63, volumes: [{ size_mb: 8, at: "/x" }] });
      assert.equal(answer.items[0]?.["error"], 19);
      assert.equal((await list("instances")).length, 1);
      assert.deepEqual(await list("volumes"), []);
    });

    it("is not created if one replica does not start", async () => {
      let starts = 0;
      platform.setDefaultGuest(() => {
        if (++starts === 2) throw new Error("out of luck");
        return {};
      });
      const port = await freePort();
      const answer = await send({
        ...{ name: "web", replicas: 2, autostart: true },
        ...{ service_group: { services: [{ port }] }, volumes: [{ size_mb: 8, at: "/x" }] },
      });
      assert.equal(answer.status, "error");
      await nothingLeft();
    });

    it("has new volumes per replica and shares read-only ones", async () => {
      const shared = await platform.requestItem("POST", "/v1/volumes", { name: "shared", size_mb: 8 });
      const volumes = [
        { size_mb: 8, at: "/own" },
        { name: "shared", at: "/shared", readonly: true },
      ];
      const { items: made } = await send({ name: "web", replicas: 1, volumes });
      const at = (item: Item | undefined, place: string) =>
        (item?.["volumes"] as Item[]).find((volume) => volume["at"] === place)?.uuid;
      assert.deepEqual(
        made.map((item) => at(item, "/shared")),
        [shared.uuid, shared.uuid],
      );
      assert.notEqual(at(made[0], "/own"), at(made[1], "/own"));
    });
  });

  describe("with an inline service group", () => {
    it("creates the group, serves through it and deletes it", async () => {
      const port = await freePort();
      const item = await platform.createRunning({
        name: "web",
        service_group: { services: [{ port, destination_port: 8080 }], domains: [{ name: "shop" }] },
      });
      const group = item["service_group"] as Item;
      assert.deepEqual(item["services"], [`tcp:${port}`]);
      assert.deepEqual(group["domains"], [{ fqdn: "shop.localhost" }]);
      const reply = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
      assert.equal(await reply.text(), "web");
      const [service] = await list("services");
      assert.deepEqual([service?.uuid, service?.["persistent"]], [group.uuid, false]);
      await platform.api("DELETE", "/v1/instances", [{ uuid: item.uuid }]);
      await nothingLeft();
    });

    it("deletes the group unless an instance other than its replicas joined", async () => {
      const port = await freePort();
      const { items: made } = await send({ replicas: 1, service_group: { name: "g", services: [{ port }] } });
      const group = async () => (await list("services"))[0];
      assert.equal((await group())?.["persistent"], false);
      await create({ name: "guest", service_group: { name: "g" } });
      assert.equal((await group())?.["persistent"], true);
      await platform.api("DELETE", "/v1/instances", [...made.map(({ uuid }) => ({ uuid })), { name: "guest" }]);
      assert.equal((await group())?.name, "g");
    });

    it("deletes the group even if the daemon ended in between", async () => {
      const { uuid } = await create({ service_group: { services: [{ port: await freePort() }] } });
      platform.daemon.simulateKill();
      const database = openDatabase(platform.paths.databaseFile);
      database?.run("DELETE FROM instances WHERE uuid = ?", uuid);
      database?.close();
      await platform.start();
      await nothingLeft();
    });

    it("leaves no group, port or volume behind when creation fails", async () => {
      const port = await freePort();
      const body = { service_group: { services: [{ port }] }, volumes: [{ size_mb: 8, at: "/x" }] };
      const answer = await send({ ...body, dependencies: [{ name: "ghost" }] });
      assert.equal(answer.items[0]?.["error"], 8);
      await nothingLeft();
      await create(body); // the port is free again
    });
  });

  describe("with inline volumes", () => {
    it("creates them and deletes them", async () => {
      const { uuid, ...item } = await create({ volumes: [{ size_mb: 8, at: "/data", tags: ["x"] }] });
      const [volume] = await list("volumes");
      assert.deepEqual([volume?.["persistent"], volume?.["size_mb"], volume?.["tags"]], [false, 8, ["x"]]);
      const [attached] = item["volumes"] as Item[];
      assert.deepEqual([attached?.uuid, attached?.["at"], attached?.["readonly"]], [volume?.uuid, "/data", false]);
      await platform.api("DELETE", "/v1/instances", [{ uuid }]);
      await nothingLeft();
    });
  });

  describe("with delete-on-stop", () => {
    it("exists until it stops", async () => {
      const { uuid } = await create({ name: "job", features: ["delete-on-stop"] });
      assert.equal((await platform.instance(uuid))["state"], "stopped");
      await platform.api("PUT", "/v1/instances/start", [{ uuid, timeout_s: 10 }]);
      await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
      await platform.waitForItem(uuid, (item) => item["error"] === 8);
    });

    it("is deleted when it ends by itself, and waiting clients learn it", async () => {
      platform.guests.set("job", { exits: { afterMs: 0, exit: { kind: "exited", exitCode: 0 } } });
      const { uuid } = await create({ name: "job", features: ["delete-on-stop"] });
      const waiting = platform.requestItem("GET", `/v1/instances/wait?uuid=${uuid}&state=standby`);
      await platform.api("PUT", "/v1/instances/start", [{ uuid }]);
      assert.equal((await waiting)["error"], 8);
    });

    it("reports how it ended to a waiting create", async () => {
      platform.guests.set("job", { exits: { afterMs: 0, exit: { kind: "exited", exitCode: 3 } } });
      const item = await create({ name: "job", features: ["delete-on-stop"], autostart: true, timeout_s: 10 });
      await platform.waitForItem(item.uuid, (one) => one["error"] === 8);
      assert.ok(item["state"] === "running" || item["exit_code"] === 3, JSON.stringify(item));
    });

    it("stays while it has a delete lock, and goes when that is removed", async () => {
      const { uuid } = await platform.createRunning({ name: "job", features: ["delete-on-stop"] });
      const lock = (value: boolean) =>
        platform.requestItem("PATCH", "/v1/instances", [{ uuid, prop: "delete_lock", op: "set", value }]);
      await lock(true);
      await platform.api("PUT", "/v1/instances/stop", [{ uuid }]);
      await platform.waitForItem(uuid, ({ state }) => state === "stopped");
      await lock(false);
      await platform.waitForItem(uuid, (item) => item["error"] === 8);
    });

    it("is deleted even if the daemon ended between stop and delete", async () => {
      const { uuid } = await platform.createRunning({ name: "job", features: ["delete-on-stop"] });
      platform.daemon.simulateKill();
      platform.vmm.end(uuid, { kind: "exited", exitCode: 0 });
      await platform.start();
      await platform.waitForItem(uuid, (item) => item["error"] === 8);
    });
  });

  it("keep the addresses that they were given, each of them once in its network", async () => {
    const card = (tap_name: string, ip: string, more: object = {}) => ({ tap_name, ip, ...more });
    const create = (name: string, ...network_interfaces: readonly object[]) =>
      platform.requestItem("POST", "/v1/instances", { image: "app:1", name, network_interfaces });
    await create(
      "router",
      card("inner", "10.1.0.1/24"),
      card("outer", "10.2.0.1/24", { gateway: "10.2.0.9", routes: ["10.3.0.0/24"] }),
    );
    const [router] = (await platform.api("GET", "/v1/instances?name=router")).items;
    const interfaces = (router?.["network_interfaces"] ?? []) as readonly Record<string, unknown>[];
    assert.equal(router?.["private_ip"], "10.1.0.1");
    assert.deepEqual(
      interfaces.map(({ uuid: _uuid, ...one }) => one),
      [
        { tap_name: "inner", private_ip: "10.1.0.1", mac: "52:54:0a:01:00:01" },
        {
          tap_name: "outer",
          private_ip: "10.2.0.1",
          mac: "52:54:0a:02:00:01",
          gateway: "10.2.0.9",
          routes: ["10.3.0.0/24"],
        },
      ],
    );
    assert.equal(new Set(interfaces.map(({ uuid }) => uuid)).size, 2);
    const messages = [
      await create("again", card("outer", "10.2.0.1/24")),
      await create("elsewhere", card("outer", "10.9.0.1/24")),
      await create("anywhere", { tap_name: "outer" }),
      await platform.requestItem("POST", "/v1/instances", {
        image: "app:1",
        replicas: 1,
        network_interfaces: [card("other", "10.5.0.1/24")],
      }),
    ].map(({ message }) => message);
    assert.deepEqual(messages, [
      "Address 10.2.0.1: the address is already in use in network 'outer', by instance 'router'",
      "Address 10.9.0.1: network 'outer' has the addresses 10.2.0.0/24 of instance 'router', not 10.9.0.0/24",
      "Address 172.16.0.16: network 'outer' has the addresses 10.2.0.0/24 of instance 'router', not 172.16.0.0/16",
      "2 instances cannot have the same address 10.5.0.1/24",
    ]);
    assert.equal((await create("same", card("third", "10.2.0.1/24")))["status"], "success");
    await platform.api("DELETE", "/v1/instances", [{ name: "router" }]);
    assert.equal((await create("successor", card("outer", "10.2.0.1/24")))["status"], "success");
  });
});
