/** Copy the tables of the Python package into the folder `tables`, where celpvq.js looks for them. */

import { copyFile, mkdir, readdir } from "node:fs/promises";

const from = new URL("../celpvq/tables/", import.meta.url);
const to = new URL("tables/", import.meta.url);
await mkdir(to, { recursive: true });
for (const name of await readdir(from)) await copyFile(new URL(name, from), new URL(name, to));
