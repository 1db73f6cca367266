/** Issues X.509 certificates for keys on the curve P-256, without external tools. Source: RFC 5280, section 4. */
import * as crypto from "node:crypto";
import * as net from "node:net";
import * as der from "./der";

/** What is issued. */
export interface CertificateRequest {
  /** Common name, which users see in lists of certificates. */
  readonly commonName: string;
  /** Unix milliseconds. */
  readonly notBefore: number;
  /** Unix milliseconds. */
  readonly notAfter: number;
  /**
   * `server`: a TLS server of these domain names and IP addresses. `authority`: may issue certificates for names below these domains
   * and for these networks, and for no others.
   */
  readonly use:
    | { readonly kind: "server"; readonly names: readonly string[] }
    | { readonly kind: "authority"; readonly domains: readonly string[]; readonly networks: readonly string[] };
}

/** Who signs. */
export interface Issuer {
  readonly commonName: string;
  /** On the curve P-256. Secret. */
  readonly privateKey: crypto.KeyObject;
}

const OID = {
  commonName: "2.5.4.3",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKeyIdentifier: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
} as const;

/** GeneralName. Source: RFC 5280, section 4.2.1.6. */
const DNS_NAME = 2;
const IP_ADDRESS = 7;
const DIGITAL_SIGNATURE = der.bitString(Buffer.from([0x80]), 7);
const CERT_SIGN = der.bitString(Buffer.from([0x04]), 2);
/** Bits of a serial number; its highest is 0. */
const SERIAL_BYTES = 16;

/** Issues a certificate for a public key, as PEM. */
export function issueCertificate(request: CertificateRequest, publicKey: crypto.KeyObject, issuer: Issuer): string {
  const algorithm = der.sequence(der.objectIdentifier(OID.ecdsaWithSha256));
  const serial = crypto.randomBytes(SERIAL_BYTES);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const toBeSigned = der.sequence(
    der.tagged(0, der.unsignedInteger(Buffer.from([2]))), // version 3
    der.unsignedInteger(serial),
    algorithm,
    distinguishedName(issuer.commonName),
    der.sequence(der.time(request.notBefore), der.time(request.notAfter)),
    distinguishedName(request.commonName),
    publicKey.export({ type: "spki", format: "der" }),
    der.tagged(3, der.sequence(...extensionsOf(request, publicKey, crypto.createPublicKey(issuer.privateKey)))),
  );
  const signature = crypto.sign("sha256", toBeSigned, issuer.privateKey);
  return toPem(der.sequence(toBeSigned, algorithm, der.bitString(signature)));
}

const distinguishedName = (commonName: string): Buffer =>
  der.sequence(der.setOf(der.sequence(der.objectIdentifier(OID.commonName), der.utf8String(commonName))));

function extensionsOf({ use }: CertificateRequest, own: crypto.KeyObject, issuers: crypto.KeyObject): Buffer[] {
  const identifiers = [
    extension(OID.subjectKeyIdentifier, der.octetString(keyIdentifier(own))),
    extension(OID.authorityKeyIdentifier, der.sequence(der.taggedString(0, keyIdentifier(issuers)))),
  ];
  if (use.kind === "server") {
    return [
      ...identifiers,
      criticalExtension(OID.basicConstraints, der.sequence()),
      criticalExtension(OID.keyUsage, DIGITAL_SIGNATURE),
      extension(OID.extKeyUsage, der.sequence(der.objectIdentifier(OID.serverAuth))),
      extension(OID.subjectAltName, der.sequence(...use.names.map(generalName))),
    ];
  }
  const noFurtherAuthorities = der.unsignedInteger(Buffer.from([0]));
  const permitted = [
    ...use.domains.map((domain) => der.taggedString(DNS_NAME, Buffer.from(domain))),
    ...use.networks.map((network) => der.taggedString(IP_ADDRESS, networkBytes(network))),
  ];
  return [
    ...identifiers,
    criticalExtension(OID.basicConstraints, der.sequence(der.boolean(true), noFurtherAuthorities)),
    criticalExtension(OID.keyUsage, CERT_SIGN),
    criticalExtension(OID.nameConstraints, der.sequence(der.tagged(0, ...permitted.map((base) => der.sequence(base))))),
  ];
}

const extension = (oid: string, value: Buffer): Buffer =>
  der.sequence(der.objectIdentifier(oid), der.octetString(value));

const criticalExtension = (oid: string, value: Buffer): Buffer =>
  der.sequence(der.objectIdentifier(oid), der.boolean(true), der.octetString(value));

const generalName = (name: string): Buffer =>
  net.isIP(name) === 0
    ? der.taggedString(DNS_NAME, Buffer.from(name))
    : der.taggedString(IP_ADDRESS, addressBytes(name));

/** An identifier of a public key, unique enough to find the issuer. */
const keyIdentifier = (key: crypto.KeyObject): Buffer =>
  crypto
    .createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest()
    .subarray(0, 20);

/** The bytes of an IPv4 address, or of the IPv6 loopback address. */
const addressBytes = (address: string): Buffer =>
  net.isIPv4(address)
    ? Buffer.from(address.split(".").map(Number))
    : Buffer.from([...new Array<number>(15).fill(0), 1]);

/** Address and mask of a network such as `127.0.0.0/8`. */
function networkBytes(network: string): Buffer {
  const [address = "", bits = "0"] = network.split("/");
  const bytes = addressBytes(address);
  const mask = bytes.map((_, index) => 0xff & ~(0xff >> Math.min(8, Math.max(0, Number(bits) - index * 8))));
  return Buffer.concat([bytes, mask]);
}

const toPem = (certificate: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;
