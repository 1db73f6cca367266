/** Who owns the stack: two owners may have stacks and projects of the same names in one account. */
import * as pulumi from "@pulumi/pulumi";

/** The organization of every stack on a backend without organizations. Source: Pulumi's documentation of `getOrganization`. */
const NO_ORGANIZATION = "organization";

/** `unikernel:owner` of the stack's configuration, else its organization; nothing where there is neither. */
export function ownerOfStack(): { readonly __owner?: string } {
  const owner = new pulumi.Config("unikernel").get("owner") ?? organization();
  return owner === undefined || owner === "" ? {} : { __owner: owner };
}

function organization(): string | undefined {
  try {
    const name = pulumi.getOrganization();
    return name === NO_ORGANIZATION ? undefined : name;
  } catch {
    return undefined; // a program in a unit test that set no organization
  }
}
