import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { UnikernelError, formatError } from "../../../../provider/base/errors";
import { check } from "../../../../provider/definition/check";
import { diff } from "../../../../provider/definition/diff";
import { UNKNOWN } from "../../../../provider/definition/unknowns";
import { certificate } from "../../../../provider/resources/certificate/resource";
import { contextWithResponses } from "../../../support/resourceContext";

type Inputs = Parameters<typeof certificate.create>[1];

const pem = (file: string): string =>
  fs.readFileSync(path.join(__dirname, "../../../fixtures/certificates", file), "utf8").trim();
const www = { commonName: "www.example.com", chain: pem("www.pem"), key: pem("www.key") };

const checked = async (args: object, olds: object = {}): Promise<Inputs> => {
  const { inputs, failures } = await check(certificate, { ...olds }, { name: "shop", ...args });
  assert.deepEqual(failures, []);
  return inputs as Inputs;
};
const failuresOf = async (args: object, olds: object = {}): Promise<readonly string[]> =>
  (await check(certificate, { ...olds }, { name: "shop", ...args })).failures.map((f) => `${f.property}: ${f.reason}`);
const failing = async (promise: Promise<unknown>): Promise<UnikernelError> => {
  const error: unknown = await promise.then(
    () => assert.fail("it resolved"),
    (e: unknown) => e,
  );
  assert.ok(UnikernelError.is(error), String(error));
  return error;
};

/** As the API reports the certificate of `www.pem`. Source of the serial number: `openssl x509 -serial`. */
const item = {
  status: "success",
  uuid: "c1",
  name: "shop",
  created_at: "2026-01-01T00:00:00Z",
  common_name: "www.example.com",
  state: "valid",
  subject: "CN=www.example.com",
  issuer: "CN=www.example.com",
  serial_number: "17:3b:de:99:c6:2b:8d:49:d2:ed:98:4c:4b:bd:d3:63:3c:04:24:ce",
  not_before: "2026-11-21T10:29:51Z",
  not_after: "2126-10-28T10:29:51Z",
};

describe("the rules of a certificate", () => {
  const accepted: readonly [string, object][] = [
    ["a certificate for its own name", www],
    ["another of its names", { ...www, commonName: "example.com" }],
    [
      "a domain that its wildcard covers",
      { commonName: "a.example.com", chain: pem("wild.pem"), key: pem("wild.key") },
    ],
    ["a wildcard", { commonName: "*.example.com", chain: pem("wild.pem"), key: pem("wild.key") }],
    ["a chain with issuers behind it", { ...www, chain: `${pem("www.pem")}\n${pem("wild.pem")}\n` }],
    ["a key in its own format (SEC1)", { ...www, key: pem("www.sec1.key") }],
    ["unknown values", { commonName: UNKNOWN, chain: UNKNOWN, key: "" + pem("www.key") }],
  ];
  for (const [what, args] of accepted) {
    it(`accept ${what}`, async () => assert.deepEqual(await failuresOf(args), []));
  }

  const rejected: readonly [string, object, RegExp][] = [
    ["a key that does not fit", { ...www, key: pem("renewed.key") }, /^key: does not match the certificate/],
    ["a key that is none", { ...www, key: "s3cr3t" }, /^key: is not valid PEM; give text/],
    ["an encrypted key", { ...www, key: pem("www.encrypted.key") }, /^key: is encrypted; remove its passphrase/],
    ["a chain that is none", { ...www, chain: "nothing" }, /^chain: is not valid PEM; give text/],
    ["a broken chain", { ...www, chain: pem("www.pem").replace(/\n..../, "\n****") }, /^chain: is not valid PEM/],
    ["a key among the chain", { ...www, chain: `${www.chain}\n${www.key}` }, /^chain: contains a private key/],
    [
      "a domain that it does not cover",
      { ...www, commonName: "shop.example.com" },
      /^commonName: \"shop\.example\.com\" is not a name of the certificate, which is for www\.example\.com, example\.com\.$/,
    ],
    ["one that has expired", { ...www, chain: pem("expired.pem") }, /^chain: the certificate expired on 2020-02-01/],
    [
      "a domain with a dot at its end",
      { ...www, commonName: "www.example.com." },
      /^commonName: must be a domain name/,
    ],
    ["no key", { ...www, key: undefined }, /^key: required/],
  ];
  for (const [what, args, text] of rejected) {
    it(`reject the inputs and quote no key: ${what}`, async () => {
      const found = await failuresOf(args);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", text);
      assert.doesNotMatch(found.join(), /BEGIN [A-Z ]*PRIVATE KEY-----\n|s3cr3t|MIG/);
    });
  }

  it("accept an existing certificate that has expired since its upload", async () => {
    const old = { ...www, chain: pem("expired.pem") };
    assert.deepEqual(await failuresOf(old, old), []);
  });
});

describe("the certificate resource", () => {
  it("shows no drift for another notation, and drift for another certificate", async () => {
    const inputs = await checked(www);
    const read = async (more: object) => {
      const observed = await certificate.read(
        contextWithResponses({ getCertificates: () => ({ ...item, ...more }) }),
        "c1",
        inputs,
      );
      return diff(certificate, { ...observed?.inputs }, inputs).map(({ property }) => property);
    };
    assert.deepEqual(await read({}), []);
    assert.deepEqual(await read({ common_name: "WWW.example.com." }), []);
    assert.deepEqual(await read({ common_name: undefined, cn: "www.example.com" }), []);
    assert.deepEqual(await read({ state: "pending", serial_number: undefined }), []);
    assert.deepEqual(await read({ serial_number: "6E8DF8EAC3D06C6D802682CA585C012C2CC12AC1" }), ["chain"]);
    assert.deepEqual(await read({ common_name: "other.example.com" }), ["commonName"]);
  });

  it("is read by name alone", async () => {
    const context = contextWithResponses({
      getCertificates: () => ({ ...item, state: "pending", validation: { attempt: 2, next: "soon" } }),
    });
    const observed = await certificate.read(context, "shop", {} as Inputs);
    assert.deepEqual(observed?.inputs, { name: "shop", commonName: "www.example.com", adopt: false });
    assert.deepEqual([observed?.id, observed?.outputs.validation], ["c1", "attempt 2, next at soon"]);
  });

  it("is not found for code 8 only", async () => {
    const inputs = await checked(www);
    const answering = (error: number) =>
      contextWithResponses({ getCertificates: () => ({ status: "error", error, message: "no" }) });
    assert.equal(await certificate.read(answering(8), "c1", inputs), undefined);
    await failing(certificate.read(answering(14), "c1", inputs));
  });

  it("uploads its key as PKCS #8, the one format that the API accepts", async () => {
    const context = contextWithResponses({ createCertificate: () => item, getCertificates: () => item });
    const { id, outputs } = await certificate.create(context, await checked({ ...www, key: pem("www.sec1.key") }));
    const [sent] = context.calls.map((entry) => JSON.parse(entry.slice(entry.indexOf("{"))) as Record<string, string>);
    assert.deepEqual([id, outputs.state, sent?.["common_name"]], ["c1", "valid", "www.example.com"]);
    assert.match(sent?.["pkey"] ?? "", /^-----BEGIN PRIVATE KEY-----/);
    const same = crypto.createPrivateKey(sent?.["pkey"] ?? "").equals(crypto.createPrivateKey(www.key));
    assert.equal(same, true);
  });

  it("is found by name after a lost upload response, unless it belongs to someone else", async () => {
    const losing = (found: object) =>
      contextWithResponses({
        createCertificate: () => {
          throw new UnikernelError("API_UNREACHABLE", "No response.");
        },
        getCertificates: () => ({ ...item, created_at: new Date().toISOString(), ...found }),
      });
    const context = losing({});
    assert.equal((await certificate.create(context, await checked(www))).id, "c1");
    assert.equal(context.calls.length, 1);
    const error = await failing(certificate.create(losing({ serial_number: "01" }), await checked(www)));
    assert.equal(error.code, "ALREADY_EXISTS");
  });

  it("is adopted by name, and uploaded again only if it differs", async () => {
    const operations = async (found: object) => {
      const context = contextWithResponses({
        getCertificates: () => ({ ...item, ...found }),
        updateCertificates: () => item,
      });
      await certificate.create(context, await checked({ ...www, adopt: true }));
      return context.calls.map((entry) => entry.split(" ")[0]);
    };
    assert.deepEqual(await operations({}), []);
    assert.deepEqual(await operations({ serial_number: "01" }), ["updateCertificates"]);
    const error = await failing(operations({ common_name: "other.example.com" }));
    assert.deepEqual([error.code, error.property], ["ALREADY_EXISTS", "commonName"]);
  });

  it("adopts a certificate that the platform issued and named after its domain", async () => {
    const name = "www.example.com-ab1de";
    const queries: unknown[] = [];
    const context = contextWithResponses({
      getCertificates: (request: { query: unknown }) => {
        queries.push(request.query);
        return { ...item, name };
      },
    });
    await certificate.create(context, await checked({ ...www, name, adopt: true }));
    assert.deepEqual([queries, context.calls], [[{ name: [name] }], []]);
  });

  it("is updated in place, and replaced for another domain", async () => {
    const olds = await checked(www);
    const news = await checked({ ...www, chain: pem("renewed.pem"), key: pem("renewed.key") }, olds);
    const renewed = { ...item, serial_number: "6e8df8eac3d06c6d802682ca585c012c2cc12ac1" };
    const context = contextWithResponses({ updateCertificates: () => renewed, getCertificates: () => renewed });
    const outputs = await certificate.update(context, "c1", { inputs: olds, outputs: {} as never }, news);
    assert.equal(outputs.serialNumber, renewed.serial_number);
    assert.deepEqual(
      diff(certificate, { ...olds }, news).map(({ property, replace }) => [property, replace]),
      [
        ["chain", false],
        ["key", false],
      ],
    );
    const other = await checked({ ...www, commonName: "example.com" });
    assert.equal(diff(certificate, { ...olds }, other)[0]?.replace, true);
  });

  it("names the rejected input and never shows the key", async () => {
    const context = contextWithResponses({
      updateCertificates: () => ({ status: "error", error: 30, message: "The CN does not match" }),
    });
    const inputs = await checked(www);
    const error = await failing(certificate.update(context, "c1", { inputs, outputs: {} as never }, inputs));
    assert.equal(error.property, "commonName");
    assert.doesNotMatch(formatError(error), /PRIVATE KEY/);
  });

  it("suggests a replacement if the metro cannot update certificates", async () => {
    const inputs = await checked(www);
    const rejections = [
      () => ({ status: "error", error: 1, message: "Not supported" }),
      () => {
        throw new UnikernelError("API_REJECTED", "No such operation.", { details: { status: 405 } });
      },
    ];
    for (const updateCertificates of rejections) {
      const context = contextWithResponses({ updateCertificates });
      const error = await failing(certificate.update(context, "c1", { inputs, outputs: {} as never }, inputs));
      assert.equal(error.property, "chain");
      assert.match(error.hint ?? "", /pulumi up --replace/);
    }
  });

  it("names the services that prevent its deletion", async () => {
    const context = contextWithResponses({
      deleteCertificates: () => ({ status: "error", error: 15, message: "Certificate is in use" }),
      getCertificates: () => ({ ...item, service_groups: [{ uuid: "s1", name: "web" }] }),
    });
    const error = await failing(
      certificate.delete(context, "c1", { inputs: await checked(www), outputs: {} as never }),
    );
    assert.equal(error.code, "IN_USE");
    assert.match(error.hint ?? "", /domains of service 'web' first/);
    const notFound = contextWithResponses({
      deleteCertificates: () => ({ status: "error", error: 8, message: "No certificate" }),
    });
    await certificate.delete(notFound, "c1", { inputs: await checked(www), outputs: {} as never });
  });
});
