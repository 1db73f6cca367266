/** A container's variables and command line. */
import type { Container, EnvVar } from "./objects";
import { ContainerConfigError, type PodSources } from "./sources";

type Variables = Readonly<Record<string, string>>;

/** All variables of a container: the image's, then `envFrom`, then `env`, each of which may refer to those before it. */
export async function resolveEnvironment(container: Container, image: Variables, from: PodSources): Promise<Variables> {
  const resolved: Record<string, string> = { ...image };
  for (const { prefix = "", secretRef, configMapRef } of container.envFrom ?? []) {
    const data =
      secretRef !== undefined
        ? await from.secret(secretRef.name, secretRef.optional)
        : configMapRef && (await from.configMap(configMapRef.name, configMapRef.optional));
    for (const [key, value] of data ?? []) resolved[`${prefix}${key}`] = value.toString("utf8");
  }
  for (const variable of container.env ?? []) {
    const value = await resolveOne(variable, resolved, from);
    if (value !== undefined) resolved[variable.name] = value;
  }
  return resolved;
}

async function resolveOne(variable: EnvVar, known: Variables, from: PodSources): Promise<string | undefined> {
  const { secretKeyRef, configMapKeyRef, fieldRef } = variable.valueFrom ?? {};
  if (fieldRef !== undefined) return from.field(fieldRef.fieldPath);
  const reference = secretKeyRef ?? configMapKeyRef;
  if (reference === undefined) return expand(variable.value ?? "", known);
  const { name, key, optional } = reference;
  const data = await (secretKeyRef === undefined ? from.configMap(name, optional) : from.secret(name, optional));
  const value = data?.get(key)?.toString("utf8");
  if (value === undefined && optional !== true) throw new ContainerConfigError(`couldn't find key ${key} in ${name}`);
  return value;
}

/** Replaces `$(NAME)` by the variable; an unknown one stays, and `$$` is a dollar sign. */
export function expand(text: string, variables: Variables): string {
  return text.replace(/\$\$|\$\(([\w.-]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (variables[name] ?? whole),
  );
}
