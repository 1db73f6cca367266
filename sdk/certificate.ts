// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";

/** Arguments of {@link Certificate}. */
export interface CertificateArgs {
  /** Name of the certificate, unique in the account and metro: 1 to 255 characters, no slash or comma. Default: the resource name plus 7 hexadecimal digits derived from its identity (owner, project, stack, parents, type and name), and a number if an object has that name already. With a fixed name, a replacement deletes the old certificate first. */
  readonly name?: pulumi.Input<string> | undefined;
  /** Domain of the certificate, such as `www.example.com` or `*.example.com`. */
  readonly commonName: pulumi.Input<string>;
  /** PEM text: the certificate, then its issuers. A change is applied in place without downtime. */
  readonly chain: pulumi.Input<string>;
  /** Private key of the certificate: PEM text without a passphrase. Encrypted in state. */
  readonly key: pulumi.Input<string>;
  /** Manage a certificate that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  readonly adopt?: pulumi.Input<boolean> | undefined;
}

/** A certificate with its private key, for domains of services. For a domain without one, the platform obtains a certificate automatically. */
export class Certificate extends UnikernelResource {
  /** Name of the certificate, unique in the account and metro: 1 to 255 characters, no slash or comma. Default: the resource name plus 7 hexadecimal digits derived from its identity (owner, project, stack, parents, type and name), and a number if an object has that name already. With a fixed name, a replacement deletes the old certificate first. */
  declare readonly name: pulumi.Output<string>;
  /** Domain of the certificate, such as `www.example.com` or `*.example.com`. */
  declare readonly commonName: pulumi.Output<string>;
  /** PEM text: the certificate, then its issuers. A change is applied in place without downtime. */
  declare readonly chain: pulumi.Output<string>;
  /** Private key of the certificate: PEM text without a passphrase. Encrypted in state. */
  declare readonly key: pulumi.Output<string>;
  /** Manage a certificate that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** `valid`, `pending` while it is being issued, or `error`. */
  declare readonly state: pulumi.Output<string>;
  /** Subject of the certificate; empty while pending. */
  declare readonly subject: pulumi.Output<string>;
  /** Issuer of the certificate; empty while pending. */
  declare readonly issuer: pulumi.Output<string>;
  /** Serial number in hexadecimal; empty while pending. */
  declare readonly serialNumber: pulumi.Output<string>;
  /** Start of its validity, RFC 3339; empty while pending. */
  declare readonly notBefore: pulumi.Output<string>;
  /** End of its validity, RFC 3339; empty while pending. */
  declare readonly notAfter: pulumi.Output<string>;
  /** Progress of issuing, such as `attempt 2, next at 2026-01-01T00:00:00Z`; empty unless pending. */
  declare readonly validation: pulumi.Output<string>;
  /** Creation time, RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;

  /**
   * Declares a Certificate.
   *
   * @param name resource name, unique among resources of this kind in the stack
   * @param args inputs
   * @param opts Pulumi's resource options
   */
  constructor(name: string, args: CertificateArgs, opts?: pulumi.CustomResourceOptions) {
    requireArgs("Certificate", args, ["commonName", "chain", "key"], opts);
    super(
      "Certificate",
      name,
      args,
      [
        "name",
        "commonName",
        "chain",
        "key",
        "adopt",
        "state",
        "subject",
        "issuer",
        "serialNumber",
        "notBefore",
        "notAfter",
        "validation",
        "createdAt",
      ],
      ["key"],
      opts,
    );
  }

  /** Looks up an existing Certificate by id or name. It is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Certificate {
    return new Certificate(name, {} as CertificateArgs, { ...opts, id });
  }

  /** True if the value is a Certificate, even one created by another copy of this package. */
  static override isInstance(value: unknown): value is Certificate {
    return UnikernelResource.isOf("Certificate", value);
  }
}
