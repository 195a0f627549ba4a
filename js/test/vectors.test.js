/** The decoder gives the samples of the project's vectors, to the bit. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { argumentsOf, digest, sha256 } from "../check.js";
import { BAND_WEIGHTS, decode, Decoder, FADE, FINE_TAPS, loadTables, tablesByHash } from "../celpvq.js";

const vectors = new URL("../../data/vectors/", import.meta.url);
const read = async (name) => JSON.parse(await readFile(new URL(name, vectors), "utf8"));
const tables = await tablesByHash();

for (const [name, expected] of Object.entries(await read("vectors.json"))) {
  test(`golden stream ${name}`, async () => {
    const bytes = await readFile(new URL(name, vectors));
    for (const [enhancement, key] of [[true, "sha256"], [false, "sha256_without_enhancement"]]) {
      const { samples, samplesDecoded, channelData, sampleRate } = await decode(bytes, { enhancement });
      assert.equal(samplesDecoded, expected.samples);
      assert.equal(sampleRate, 8000);
      assert.equal(sha256([samples]), expected[key]);
      assert.deepEqual(channelData[0], Float32Array.from(samples, (x) => x / 32768));
    }
  });
}

for (const stream of await read("frames.json")) {
  test(`frames: ${stream.name}`, () => {
    assert.equal(digest(stream.frames, tables, true), stream.sha256);
    assert.equal(digest(stream.frames, tables, false), stream.sha256_without_enhancement);
  });
}

test("the network gives the same samples without WebAssembly", async () => {
  const bytes = await readFile(new URL(`../tables/${tables.hash.slice(0, 16)}.npz`, import.meta.url));
  const slow = await loadTables(bytes, { fast: false });
  assert.notEqual(slow.network.dense.name, tables.network.dense.name);
  const [stream] = await read("frames.json");
  assert.equal(digest(stream.frames, slow, true), stream.sha256);
});

for (const expected of await read("values.json")) {
  test(`values: ${expected.name}`, () => {
    const decoder = new Decoder({ tables });
    let output;
    for (const frame of expected.frames) output = decoder.decodeFrame(...argumentsOf(frame)).samples;
    const { lsf, lag, gain } = decoder.lastFrame;
    const { synthesis, enhancement } = decoder.state;
    assert.deepEqual({
      lsf, lag, gain,
      excitation: [...synthesis.exc.slice(-160)],
      synthesis: [...enhancement.features.speech.slice(-160)],
      features: enhancement.features.values.map((row) => [...row]),
      comb: enhancement.comb.map((row) => [...row]),
      ahead: enhancement.ahead.map((row) => [...row]),
      fir: enhancement.fir.map((row) => [...row]),
      combed: [...enhancement.combed.slice(-160)],
      output: [...output],
    }, Object.fromEntries(Object.entries(expected).filter(([key]) => key !== "name" && key !== "frames")));
  });
}

const damaged = await read("damaged.json");
for (const [name, digits] of Object.entries(damaged.files)) {
  test(`damaged files: ${name}`, async () => {
    const whole = Buffer.from(digits, "hex");
    const cases = damaged.cases.filter(({ file }) => file === name);
    assert.ok(cases.length > 50);
    for (const { cut, append, at, xor, error } of cases) {
      let bytes = Buffer.from(whole);
      if (cut !== undefined) bytes = bytes.subarray(0, cut);
      else if (append) bytes = Buffer.concat([bytes, Buffer.alloc(append)]);
      else bytes[at] ^= xor;
      const raised = await decode(bytes).then(() => null, (reason) => reason.name);
      assert.equal(raised, error, JSON.stringify({ cut, append, at, xor }));
    }
  });
}

test("computed constants are those of the specification", async () => {
  const constants = await read("constants.json");
  assert.deepEqual(FINE_TAPS.map((taps) => [...taps]), constants.fine_taps);
  assert.deepEqual([...FADE], constants.fade);
  assert.deepEqual([...BAND_WEIGHTS], constants.band_weights.flat());
});
