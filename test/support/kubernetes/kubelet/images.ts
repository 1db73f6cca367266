/** What the test has in place of container images. */

/** An image: files of this machine and how to run them. */
export interface TestImage {
  /** Absolute path in the container → file or folder of this machine, mounted read-only. A program must find its libraries. */
  readonly files: Readonly<Record<string, string>>;
  /**
   * Command without the arguments that a pod may add; `$(NAME)` is replaced by a variable. All pods share the machine's
   * network, so a program must listen on the address in the variable `LISTEN_HOST`, on whatever port it likes.
   */
  readonly entrypoint: readonly string[];
  /** Arguments unless the pod has its own. */
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** User id; 0 if undefined. */
  readonly user?: number;
}

/** Images by the reference that pods use. */
export type TestImages = Readonly<Record<string, TestImage>>;
