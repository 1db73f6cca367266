/** Where a guest's programs and commands are looked for. Source: the default of container runtimes. */
export const GUEST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
