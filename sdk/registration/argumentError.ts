/** Errors of a component's arguments. */
import * as pulumi from "@pulumi/pulumi";

/** An error that names component and argument, never a value that may be secret. */
export const argumentError = (component: string, sentence: string): pulumi.RunError =>
  new pulumi.RunError(`INPUT_INVALID: ${component}: ${sentence}`);

/** Throws an {@link argumentError} with the sentence. */
export type Fail = (sentence: string) => never;

/** A function that throws an {@link argumentError} of the component, such as `GatewayFleet 'edge'`. */
export const failFor =
  (component: string): Fail =>
  (sentence) => {
    throw argumentError(component, sentence);
  };
