/** Copy the tables of the Python package into the folder `tables`, where celpvq.js looks for them. */

import { copyFile, mkdir, readFile } from "node:fs/promises";

const from = new URL("../celpvq/tables/", import.meta.url);
const to = new URL("tables/", import.meta.url);
const hash = (await readFile(new URL("default", from), "utf8")).trim().slice(0, 16);
await mkdir(to, { recursive: true });
for (const name of ["default", `${hash}.npz`]) await copyFile(new URL(name, from), new URL(name, to));
