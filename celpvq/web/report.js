/** The page of `celpvq report`: scores, and clips that play after each codec. */

import { FRAME_LEN, SAMPLE_RATE } from "./celpvq.js";
import { legend, rateChart } from "./charts.js";
import {
  drawSeconds, drawSpectrogram, drawTracks, drawWaveform, peakLevel, runs,
} from "./pictures.js";
import { ClipDecoder } from "./report_decoding.js";
import { element, sortableTable } from "./sortable.js";
import { SwitchingPlayer } from "./switching.js";

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const SKIP = SAMPLE_RATE / 2; // of the arrow keys [samples]
const SHORTEST = SAMPLE_RATE / 10; // part that repeats [samples]

const player = new SwitchingPlayer(SAMPLE_RATE, showTransport);
const decoder = new ClipDecoder(data);
let clipNumber = -1;
let codec = "original"; // that plays
let versions = []; // of the clip, from `ClipDecoder`
let part = { from: 0, to: 0 }; // of the clip that repeats [samples]
let nextPicture = 0; // that `follow` has asked for

// ---- The clip ----

/** Show a clip, and decode it first. */
async function showClip(number) {
  if (number < 0 || number >= data.clips.length) return;
  clipNumber = number;
  $("clip").value = String(number);
  $("previous").disabled = number === 0;
  $("next").disabled = number === data.clips.length - 1;
  player.pause();
  $("listen").setAttribute("aria-busy", "true");
  const start = performance.now();
  try {
    const made = await decoder.decode(number, (version, n) => {
      if (number === clipNumber) say(`Decoding version ${version} of ${n} …`);
    });
    if (number !== clipNumber) return; // another one was chosen meanwhile
    versions = made;
  } catch (error) {
    if (number === clipNumber) say(`This browser cannot decode the clip: ${error.message}`, true);
    return;
  } finally {
    if (number === clipNumber) $("listen").removeAttribute("aria-busy");
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  player.load(versions.map(({ floats }) => floats), levelsOf());
  repeat({ from: 0, to: player.length }, $("loop").checked);
  showVersions();
  select(Math.max(versions.findIndex((version) => version.codec === codec), 0));
  say(`Ready: ${versions.length} versions, decoded in ${seconds} s.`);
}

/** Return the gain of each version: 1, or such that all have the level of the original. */
function levelsOf() {
  if (!$("matched").checked) return versions.map(() => 1);
  const powers = versions.map(({ floats }) => meanSquare(floats));
  const gains = powers.map((power) => (power > 0 ? Math.sqrt(powers[0] / power) : 1));
  const loudest = Math.max(1, ...versions.map((version, i) => gains[i] * version.peak));
  return gains.map((gain) => gain / loudest); // nothing clips
}

/** Make a button for each version. */
function showVersions() {
  $("versions").replaceChildren(...versions.map((version, i) => {
    const key = i < 9 ? [element("kbd", { "aria-hidden": "true" }, String(i + 1)), " "] : [];
    const attributes = { type: "button", "aria-pressed": "false" };
    const button = element("button", attributes, ...key, version.codec);
    if (i < 9) button.setAttribute("aria-keyshortcuts", String(i + 1));
    button.addEventListener("click", () => select(i));
    return button;
  }));
}

/** Return whether the clip is decoded. */
const isReady = () => versions.length > 0 && !$("listen").hasAttribute("aria-busy");

/** Let a version be heard and seen. */
function select(i) {
  if (!isReady() || !versions[i]) return;
  player.select(i, levelsOf());
  codec = versions[i].codec;
  [...$("versions").children].forEach((button, k) => {
    button.setAttribute("aria-pressed", String(k === i));
  });
  describeVersion(versions[i]);
  draw();
  showClipScores();
}

function describeVersion(version) {
  const { codec: name, kbps, frames } = version;
  const rate = kbps === null ? "" : `, ${kbps.toFixed(2)} kbit/s`;
  const db = 10 * Math.log10(meanSquare(version.floats) + 1e-12);
  $("waveform-label").textContent = `Waveform of ${name}${rate}, mean level ${db.toFixed(1)} dB`;
  $("reference-label").textContent = "Spectrogram of the original, 0 to 4 kHz";
  $("spectrogram-label").textContent = `Spectrogram of ${name}, 0 to 4 kHz`;
  $("stream").hidden = $("packets").hidden = versions.every((other) => !other.frames);
  $("stream").classList.toggle("empty", !frames); // it keeps its place: a switch moves nothing
  $("tracks-label").textContent = `Lag, rate and frame types of ${name}`;
  $("packets").textContent = frames ? describeFrames(frames) : `${name} is no stream of celpvq.`;
}

const meanSquare = (floats) => floats.reduce((sum, x) => sum + x * x, 0) / floats.length;

/** Return the frames of a stream as text. */
function describeFrames(frames) {
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

/** Draw the pictures of the version, in the present size and colours. */
function draw() {
  const version = versions[player.chosen];
  if (!version) return;
  const { length } = player;
  const peak = peakLevel(versions[0].spectrum);
  const loudest = Math.max(0.01, ...versions.map((other) => other.peak));
  drawWaveform($("waveform"), version.floats, loudest);
  drawSpectrogram($("reference"), versions[0].spectrum, peak, length);
  drawSpectrogram($("spectrogram"), version.spectrum, peak, length);
  drawSeconds($("seconds"), length / SAMPLE_RATE);
  if (version.frames) drawTracks($("tracks"), version.frames, version.starts, length);
  showPart();
  showPosition();
}

/** Show the scores of the clip by version. */
function showClipScores() {
  if (!data.heads.length) return;
  const { name } = data.clips[clipNumber];
  const none = data.heads.map(() => ({ text: "-", value: null }));
  const rows = versions.slice(1).map(({ codec: own, kbps }) => [
    { text: own },
    { text: kbps === null ? "-" : kbps.toFixed(2), value: kbps },
    ...(data.scores[own]?.[name] ?? none),
  ]);
  const head = [{ title: "codec" }, { title: "kbit/s" }, ...data.heads];
  const table = sortableTable({ caption: `Scores of ${name}`, head, rows });
  for (const row of table.querySelectorAll("tbody tr")) {
    if (row.cells[0].textContent === codec) row.setAttribute("aria-current", "true");
  }
  $("clip-scores").replaceChildren(table);
}

// ---- Transport ----

function say(text, isError = false) {
  $("status").textContent = text;
  $("status").classList.toggle("error", isError);
}

function showTransport() {
  $("play").textContent = player.playing ? "Pause" : "Play";
  $("position").max = String(player.length);
  follow();
}

/** Show the position now, and while the player plays in each picture of the screen. */
function follow() {
  showPosition();
  cancelAnimationFrame(nextPicture);
  if (player.playing) nextPicture = requestAnimationFrame(follow);
}

function showPosition() {
  const [now, end] = [player.position / SAMPLE_RATE, player.length / SAMPLE_RATE];
  const text = `${now.toFixed(1)} of ${end.toFixed(1)} s`;
  $("position").value = String(player.position);
  if ($("time").textContent !== text) {
    $("time").textContent = text;
    $("position").setAttribute("aria-valuetext", text);
  }
  const x = player.length ? (player.position / player.length) * $("pictures").clientWidth : 0;
  $("cursor").style.transform = `translateX(${Math.min(x, $("pictures").clientWidth - 2)}px)`;
}

/** Choose the part that repeats, and whether it does. */
function repeat({ from, to }, on) {
  if (!isReady()) return;
  part = { from, to };
  player.loop = on ? part : null;
  $("loop").checked = on;
  const isWhole = from === 0 && to === player.length;
  const [start, end] = [from, to].map((sample) => (sample / SAMPLE_RATE).toFixed(2));
  $("range").textContent = isWhole ? "" : `${start} to ${end} s`;
  $("whole").disabled = isWhole;
  $("part").hidden = isWhole;
  showPart();
}

/** Begin the part that repeats here; it ends where it did, if that is later. */
function repeatFrom() {
  const from = Math.min(player.position, player.length - SHORTEST);
  repeat({ from, to: part.to >= from + SHORTEST ? part.to : player.length }, true);
}

/** End the part that repeats here; it begins where it did, if that is earlier. */
function repeatTo() {
  const to = Math.max(player.position, SHORTEST);
  repeat({ from: part.from <= to - SHORTEST ? part.from : 0, to }, true);
}

function showPart() {
  const scale = $("pictures").clientWidth / player.length;
  $("part").style.transform = `translateX(${part.from * scale}px)`;
  $("part").style.width = `${(part.to - part.from) * scale}px`;
}

function toggle() {
  if (!isReady()) return;
  if (player.playing) player.pause();
  else player.play().catch((error) => say(`This browser cannot play: ${error.message}`, true));
}

/** Do what a key of the player stands for; return whether it is one. */
function press(key) {
  if (/^[1-9]$/.test(key)) select(Number(key) - 1);
  else if (key === " ") toggle();
  else if (key === "ArrowLeft") player.seek(player.position - SKIP);
  else if (key === "ArrowRight") player.seek(player.position + SKIP);
  else if (key === "Home") player.seek(0);
  else if (key === "a") repeatFrom();
  else if (key === "b") repeatTo();
  else if (key === "p") showClip(clipNumber - 1);
  else if (key === "n") showClip(clipNumber + 1);
  else return false;
  return true;
}

/** Return whether an element has a use of its own for a key. */
function uses(target, key) {
  if (target.closest("input:not([type=checkbox]), select, textarea")) return true;
  if (target.closest(".scroll") === target) return key.startsWith("Arrow") || key === "Home";
  if (key !== " ") return false;
  const isChosen = target.closest("#versions") && target.getAttribute("aria-pressed") === "true";
  return Boolean(target.closest("button, input, summary, a")) && !isChosen;
}

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || uses(target, key)) return;
  if (!$("keys").checked && !target.closest("#versions")) return;
  if (press(key)) event.preventDefault();
});

// ---- The page ----

function option(text, value) {
  return element("option", { value: String(value) }, text);
}

function showScores() {
  $("scores").hidden = !data.means.length;
  $("means").append(...data.means.map(sortableTable));
  const charts = data.charts.filter(({ series }) => series.length);
  $("rates").hidden = !charts.length;
  if (!charts.length) return;
  $("legend").append(...legend(charts[0].series));
  $("charts").append(...charts.map(rateChart));
}

/** Show one score of all clips and codecs. */
function showClipTable() {
  const column = Number($("score").value);
  const codecs = Object.keys(data.scores);
  const none = { text: "-", value: null };
  const { title, better } = data.heads[column];
  const rows = data.clips.map(({ name, samples }, number) => {
    const open = element("button", { class: "open", type: "button" }, name);
    open.addEventListener("click", () => {
      showClip(number);
      $("listen").scrollIntoView();
      $("play").focus({ preventScroll: true });
    });
    const seconds = samples / SAMPLE_RATE;
    const cells = codecs.map((one) => data.scores[one][name]?.[column] ?? none);
    return [open, { text: seconds.toFixed(1), value: seconds }, ...cells];
  });
  const heads = codecs.map((one) => ({ title: one, better }));
  const head = [{ title: "clip" }, { title: "seconds" }, ...heads];
  const caption = `${title} of the clips on this page`;
  $("clip-table").replaceChildren(sortableTable({ caption, head, rows }));
}

function showNotes() {
  const lines = [...data.notes, ...data.failures.map((line) => `No score: ${line}`)];
  $("notes").hidden = !lines.length;
  $("note-list").append(...lines.map((line) => element("li", {}, line)));
}

function start() {
  $("title").textContent = data.title;
  const scored = data.scored ? [`Clips with scores: ${data.scored}.`] : [];
  const heard = `Clips to hear: ${data.clips.length}.`;
  $("about").textContent = [...scored, heard, "This file decodes its speech by itself."].join(" ");
  $("made").textContent = `Made by celpvq ${data.version}.`;
  showScores();
  showNotes();
  $("clip").append(...data.clips.map(({ name }, i) => option(name, i)));
  $("clips").hidden = !data.heads.length;
  if (data.heads.length) {
    $("score").append(...data.heads.map(({ title }, i) => option(title, i)));
    showClipTable();
  }
  $("score").addEventListener("change", showClipTable);
  $("clip").addEventListener("change", () => showClip(Number($("clip").value)));
  $("previous").addEventListener("click", () => showClip(clipNumber - 1));
  $("next").addEventListener("click", () => showClip(clipNumber + 1));
  $("play").addEventListener("click", toggle);
  $("position").addEventListener("input", () => player.seek(Number($("position").value)));
  $("loop").addEventListener("change", () => repeat(part, $("loop").checked));
  $("from").addEventListener("click", repeatFrom);
  $("to").addEventListener("click", repeatTo);
  $("whole").addEventListener("click", () => {
    repeat({ from: 0, to: player.length }, $("loop").checked);
  });
  $("matched").addEventListener("change", () => player.select(player.chosen, levelsOf()));
  $("pictures").addEventListener("pointerdown", (event) => {
    const box = $("pictures").getBoundingClientRect();
    player.seek(((event.clientX - box.left) / box.width) * player.length);
  });
  new ResizeObserver(draw).observe($("pictures"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  showClip(0);
}

/** For scripts that check the page: its player, and the decoded versions of a clip. */
globalThis.celpvqReport = { player, decodeClip: (number) => decoder.decode(number) };

start();
