/** All fuzz targets, for `npm run fuzz` and for their short form in test/property/fuzz.test.ts. */
import { composeTarget } from "./compose";
import { cpioTarget } from "./cpio";
import { dockerfileTarget, ignoreFileTarget, imageMetadataTarget } from "./dockerfile";
import { erofsTarget } from "./erofs";
import { kraftfileTarget } from "./kraftfile";
import { ociDocumentsTarget } from "./ociDocuments";
import { referencesTarget } from "./references";
import { tarTarget } from "./tar";
import type { FuzzTarget } from "./target";

/** In the order they run. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  kraftfileTarget,
  composeTarget,
  tarTarget,
  cpioTarget,
  erofsTarget,
  ignoreFileTarget,
  dockerfileTarget,
  imageMetadataTarget,
  referencesTarget,
  ociDocumentsTarget,
];
