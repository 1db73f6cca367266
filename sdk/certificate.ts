// Written by `npm run generate` from provider/resources. Do not edit.
import * as pulumi from "@pulumi/pulumi";
import { UnikernelResource, requireArgs } from "./resource";

/** Arguments of {@link Certificate}. */
export interface CertificateArgs {
  /** Name of the certificate in its metro, unique per account: up to 255 characters without slash and comma. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  readonly name?: pulumi.Input<string> | undefined;
  /** The domain it is for, such as `www.example.com` or `*.example.com`. */
  readonly commonName: pulumi.Input<string>;
  /** The certificate and then its issuers, as PEM. Replaced in place, without a gap. */
  readonly chain: pulumi.Input<string>;
  /** The private key of the certificate, as PEM without a passphrase. Kept secret in state. */
  readonly key: pulumi.Input<string>;
  /** Manage a certificate that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  readonly adopt?: pulumi.Input<boolean> | undefined;
}

/** A certificate with its key, for domains of services. Without one, the platform has certificates issued for such domains by itself. */
export class Certificate extends UnikernelResource {
  /** Name of the certificate in its metro, unique per account: up to 255 characters without slash and comma. Default: the resource's name and 7 random hexadecimal digits. A fixed name makes a replacement delete the old one first. */
  declare readonly name: pulumi.Output<string>;
  /** The domain it is for, such as `www.example.com` or `*.example.com`. */
  declare readonly commonName: pulumi.Output<string>;
  /** The certificate and then its issuers, as PEM. Replaced in place, without a gap. */
  declare readonly chain: pulumi.Output<string>;
  /** The private key of the certificate, as PEM without a passphrase. Kept secret in state. */
  declare readonly key: pulumi.Output<string>;
  /** Manage a certificate that already has this `name`, if there is one, and change it in place to match. Fails if a property differs that cannot be changed in place. Used at creation. Default false. */
  declare readonly adopt: pulumi.Output<boolean>;
  /** `valid`, `pending` while it is being issued, or `error`. */
  declare readonly state: pulumi.Output<string>;
  /** Whom it was issued to; empty while it is pending. */
  declare readonly subject: pulumi.Output<string>;
  /** Who issued it; empty while it is pending. */
  declare readonly issuer: pulumi.Output<string>;
  /** Its serial number in hexadecimal; empty while it is pending. */
  declare readonly serialNumber: pulumi.Output<string>;
  /** When it begins to be valid, RFC 3339; empty while it is pending. */
  declare readonly notBefore: pulumi.Output<string>;
  /** Until when it is valid, RFC 3339; empty while it is pending. */
  declare readonly notAfter: pulumi.Output<string>;
  /** How issuing it goes, such as `attempt 2, the next at 2026-01-01T00:00:00Z`; empty unless it is pending. */
  declare readonly validation: pulumi.Output<string>;
  /** Creation time, RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;

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

  /** Looks up an existing Certificate by its id or its name; it is read, not managed. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Certificate {
    return new Certificate(name, {} as CertificateArgs, { ...opts, id });
  }

  /** True for an object of kind Certificate, also one made by another copy of this package. */
  static override isInstance(value: unknown): value is Certificate {
    return UnikernelResource.isOf("Certificate", value);
  }
}
