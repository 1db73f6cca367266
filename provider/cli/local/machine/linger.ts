/** Whether systemd keeps a user's manager, processes and run folder while the user is not logged in. Source: loginctl(1), `enable-linger`. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** Has an empty file for each user who lingers. Source: systemd, src/login/logind-user.c. */
const FOLDER = "/var/lib/systemd/linger";

/** True if this user lingers. False without systemd. */
export const isLingering = (): boolean => fs.existsSync(path.join(FOLDER, os.userInfo().username));
