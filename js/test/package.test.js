/** `npm pack` makes a package that works where it is installed. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const here = new URL("..", import.meta.url);
const npm = await run("npm", ["--version"]).then(() => true, () => false);

const SCRIPT = `
import { readFile } from "node:fs/promises";
import { decode } from "celpvq";
import { resample } from "celpvq/player.js";
const { channelData: [samples] } = await decode(await readFile(process.argv[2]));
console.log(samples.length, resample(samples, 8000, 48000).length);
`;

test("the package is installed, imported and decodes", { skip: npm ? false : "no npm" }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "celpvq-"));
  try {
    await run("npm", ["pack", "--pack-destination", folder], { cwd: here });
    const [archive] = await readdir(folder);
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await run("npm", ["install", "--offline", "--no-audit", "--no-fund", join(folder, archive)], { cwd: folder });
    await writeFile(join(folder, "main.js"), SCRIPT);
    const golden = new URL("../data/vectors/6400.cvq", here).pathname;
    const { stdout } = await run("node", ["main.js", golden], { cwd: folder });
    assert.equal(stdout, "16007 96042\n");
    const files = await readdir(join(folder, "node_modules", "celpvq"));
    const expected = ["LICENSE", "NOTICE", "README.md", "celpvq.js", "package.json", "player.js", "sha256.js", "tables"];
    assert.deepEqual(files.sort(), expected);
  } finally {
    await rm(folder, { recursive: true });
  }
});
