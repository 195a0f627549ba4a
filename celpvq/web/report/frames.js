/** The frames of a stream, as text. */

import { FRAME_LEN, SAMPLE_RATE } from "./celpvq.js";

/** Return a description of frames: how many of each type, their rate, their lags, what is lost. */
export function describeFrames(frames) {
  const types = frames.map(({ type }) => type);
  const count = (...wanted) => types.filter((type) => wanted.includes(type)).length;
  const bits = frames.reduce((sum, frame) => sum + frame.bits, 0);
  const kbps = (bits * SAMPLE_RATE) / FRAME_LEN / frames.length / 1000;
  const lags = frames.flatMap(({ type, lag }) => (type === "speech" ? lag : []));
  lags.sort((a, b) => a - b);
  const lag = lags.length ? ` Median lag ${lags[lags.length >> 1].toFixed(1)} samples.` : "";
  const seconds = (frame) => ((frame * FRAME_LEN) / SAMPLE_RATE).toFixed(2);
  const gaps = runs(types).filter(({ type }) => type === "bad");
  const where = gaps.map(({ from, to }) => `${seconds(from)} to ${seconds(to)} s`).join(", ");
  return `${frames.length} packets: ${count("speech")} with speech, ${count("sid", "no_data")} in`
    + ` pauses, ${count("bad")} lost. ${kbps.toFixed(2)} kbit/s arrive.${lag}`
    + (gaps.length ? ` Lost: ${where}.` : "");
}

/** Return the runs of equal items: {type, from, to}. */
export function runs(types) {
  const found = [];
  types.forEach((type, i) => {
    if (i && types[i - 1] === type) found.at(-1).to = i + 1;
    else found.push({ type, from: i, to: i + 1 });
  });
  return found;
}
