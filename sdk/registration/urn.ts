/** The URN of a resource, known before it is registered. */
import * as pulumi from "@pulumi/pulumi";

const STACK_TYPE = "pulumi:pulumi:Stack";

/**
 * The URN that the engine will give to a resource; a promise under a parent, whose own URN may not be known yet. It rejects if the
 * registration of the parent fails.
 *
 * Not an Output, as `pulumi.createUrn` makes it: as an input that would be a dependency on the parent, and so on everything below
 * the parent, which never ends for a resource below it.
 *
 * Source of the form: the engine's `resource/urn`: `urn:pulumi:stack::project::parent type$type::name`, without the stack's own type.
 */
export function urnOf(type: string, name: string, parent: pulumi.Resource | undefined): string | Promise<string> {
  const atRoot = (): string => `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${type}::${name}`;
  // What is no resource the SDK reports itself.
  if (!pulumi.Resource.isInstance(parent)) return atRoot();
  if ((parent as { __pulumiType?: unknown }).__pulumiType === STACK_TYPE) return atRoot();
  // The method exists in every release, but is left out of the types.
  const parentUrn = (parent.urn as unknown as { promise(): Promise<string> }).promise();
  const urn = parentUrn.then((text) => {
    // Only the last part, a name, may hold colons of its own.
    const [scheme, project, types] = text.split("::");
    return `${scheme}::${project}::${types}$${type}::${name}`;
  });
  // Whoever awaits it is told, if that happens later too; without this a rejection before that would end the program.
  urn.catch(() => undefined);
  return urn;
}
