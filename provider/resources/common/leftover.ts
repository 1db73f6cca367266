/** What a killed update left: a finished object that no state holds. Only the user can tell, so messages name it with the way out. Pure. */

/** An object by kind and name. */
export interface NamedObject {
  /** Such as `Instance`. */
  readonly kind: string;
  readonly name: string;
  /** As the user wrote it. */
  readonly metro: string;
}

/** The command that deletes the object. */
export const deleteCommand = ({ kind, name, metro }: NamedObject): string =>
  `npx unikernel delete ${kind.toLowerCase()} ${name} --metro ${metro}${kind === "Service" ? " --with-instances" : ""}`;
