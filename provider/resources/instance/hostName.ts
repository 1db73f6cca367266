/** Warns of an instance of metro `local` that others may not find under its private name, because it is that of the machine. */
import { HOST_ACCESS_ANNOTATION, HOST_NAME } from "../../contract/hostAccess";
import type { InputFindings } from "../../definition/resource";
import { isUnknown } from "../../definition/unknowns";
import type { ProviderContext } from "../context";
import type { InstanceInputs } from "./inputs";

/** A warning for the name `host`, in upper or lower case: names of the private network have no case. None if it is not new. */
export function inspectName(
  { metro }: Pick<ProviderContext, "metro">,
  olds: Pick<InstanceInputs, "name"> | undefined,
  { name }: Pick<InstanceInputs, "name">,
): Promise<InputFindings> {
  const isHidden = metro === "local" && name !== undefined && !isUnknown(name) && name.toLowerCase() === HOST_NAME;
  const warning = `name: '${name ?? ""}' is hidden from instances with the annotation '${HOST_ACCESS_ANNOTATION}', for which '${HOST_NAME}.internal' is this machine; choose another name if they connect to it`;
  return Promise.resolve({ information: [], warnings: isHidden && olds?.name !== name ? [warning] : [] });
}
