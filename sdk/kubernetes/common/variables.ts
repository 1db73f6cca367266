/** Variables that are in the clear in a Deployment. */
import * as pulumi from "@pulumi/pulumi";
import { argumentError } from "../../registration/argumentError";

/** Variables by name. */
type Variables = { readonly [name: string]: pulumi.Input<string> };

/**
 * The variables, none of which is secret: everybody who may read Deployments would see it. An output that is secret becomes an
 * {@link argumentError}, at preview too.
 *
 * @param component for errors, such as `GatewayOnKubernetes 'gateway'`
 */
export const publicVariables = (component: string, variables: Variables): Variables =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === "string" ? value : publicOutput(component, name, pulumi.output(value)),
    ]),
  );

const publicOutput = (component: string, name: string, value: pulumi.Output<string>): pulumi.Output<string> =>
  pulumi.output(pulumi.isSecret(value)).apply((isSecret) => {
    if (isSecret)
      throw argumentError(
        component,
        `env.${name}: is secret, and everybody who may read Deployments would see it; move it to secrets.`,
      );
    return value;
  });
