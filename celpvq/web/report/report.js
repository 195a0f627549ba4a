/** The page of `celpvq report`: scores, and clips that play after each codec. */

import { SAMPLE_RATE } from "./celpvq.js";
import { byId, element } from "../elements.js";
import { embeddedData } from "../embedded.js";
import { ClipDecoder } from "./decoding.js";
import { describeFrames } from "./frames.js";
import {
  drawSeconds, drawSpectrogram, drawTracks, drawWaveform, peakLevel,
} from "./pictures.js";
import { option, showClipScores, showScores } from "./scores.js";
import { SwitchingPlayer } from "./switching.js";

const data = embeddedData();
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
  byId("clip").value = String(number);
  byId("previous").disabled = number === 0;
  byId("next").disabled = number === data.clips.length - 1;
  player.pause();
  byId("listen").setAttribute("aria-busy", "true");
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
    if (number === clipNumber) byId("listen").removeAttribute("aria-busy");
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  player.load(versions.map(({ floats }) => floats), levelsOf());
  repeat({ from: 0, to: player.length }, byId("loop").checked);
  showVersions();
  select(Math.max(versions.findIndex((version) => version.codec === codec), 0));
  say(`Ready: ${versions.length} versions, decoded in ${seconds} s.`);
}

/** Return the gain of each version: 1, or such that all have the level of the original. */
function levelsOf() {
  if (!byId("matched").checked) return versions.map(() => 1);
  const powers = versions.map(({ floats }) => meanSquare(floats));
  const gains = powers.map((power) => (power > 0 ? Math.sqrt(powers[0] / power) : 1));
  const loudest = Math.max(1, ...versions.map((version, i) => gains[i] * version.peak));
  return gains.map((gain) => gain / loudest); // nothing clips
}

/** Make a button for each version. */
function showVersions() {
  byId("versions").replaceChildren(...versions.map((version, i) => {
    const key = i < 9 ? [element("kbd", { "aria-hidden": "true" }, String(i + 1)), " "] : [];
    const attributes = { type: "button", "aria-pressed": "false" };
    const button = element("button", attributes, ...key, version.codec);
    if (i < 9) button.setAttribute("aria-keyshortcuts", String(i + 1));
    button.addEventListener("click", () => select(i));
    return button;
  }));
}

/** Return whether the clip is decoded. */
const isReady = () => versions.length > 0 && !byId("listen").hasAttribute("aria-busy");

/** Let a version be heard and seen. */
function select(i) {
  if (!isReady() || !versions[i]) return;
  player.select(i, levelsOf());
  codec = versions[i].codec;
  [...byId("versions").children].forEach((button, k) => {
    button.setAttribute("aria-pressed", String(k === i));
  });
  describeVersion(versions[i]);
  draw();
  showClipScores(data, data.clips[clipNumber].name, versions, codec);
}

function describeVersion(version) {
  const { codec: name, kbps, frames } = version;
  const rate = kbps === null ? "" : `, ${kbps.toFixed(2)} kbit/s`;
  const db = 10 * Math.log10(meanSquare(version.floats) + 1e-12);
  byId("waveform-label").textContent = `Waveform of ${name}${rate}, mean level ${db.toFixed(1)} dB`;
  byId("reference-label").textContent = "Spectrogram of the original, 0 to 4 kHz";
  byId("spectrogram-label").textContent = `Spectrogram of ${name}, 0 to 4 kHz`;
  byId("stream").hidden = byId("packets").hidden = versions.every((other) => !other.frames);
  byId("stream").classList.toggle("empty", !frames); // it keeps its place: a switch moves nothing
  byId("tracks-label").textContent = `Lag, rate and frame types of ${name}`;
  byId("packets").textContent = frames ? describeFrames(frames) : `${name} is no stream of celpvq.`;
}

const meanSquare = (floats) => floats.reduce((sum, x) => sum + x * x, 0) / floats.length;

/** Draw the pictures of the version, in the present size and colours. */
function draw() {
  const version = versions[player.chosen];
  if (!version) return;
  const { length } = player;
  const peak = peakLevel(versions[0].spectrum);
  const loudest = Math.max(0.01, ...versions.map((other) => other.peak));
  drawWaveform(byId("waveform"), version.floats, loudest);
  drawSpectrogram(byId("reference"), versions[0].spectrum, peak, length);
  drawSpectrogram(byId("spectrogram"), version.spectrum, peak, length);
  drawSeconds(byId("seconds"), length / SAMPLE_RATE);
  if (version.frames) drawTracks(byId("tracks"), version.frames, version.starts, length);
  showPart();
  showPosition();
}

// ---- Transport ----

function say(text, isError = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("error", isError);
}

function showTransport() {
  byId("play").textContent = player.playing ? "Pause" : "Play";
  byId("position").max = String(player.length);
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
  byId("position").value = String(player.position);
  if (byId("time").textContent !== text) {
    byId("time").textContent = text;
    byId("position").setAttribute("aria-valuetext", text);
  }
  const x = player.length ? (player.position / player.length) * byId("pictures").clientWidth : 0;
  byId("cursor").style.transform = `translateX(${Math.min(x, byId("pictures").clientWidth - 2)}px)`;
}

/** Choose the part that repeats, and whether it does. */
function repeat({ from, to }, on) {
  if (!isReady()) return;
  part = { from, to };
  player.loop = on ? part : null;
  byId("loop").checked = on;
  const isWhole = from === 0 && to === player.length;
  const [start, end] = [from, to].map((sample) => (sample / SAMPLE_RATE).toFixed(2));
  byId("range").textContent = isWhole ? "" : `${start} to ${end} s`;
  byId("whole").disabled = isWhole;
  byId("part").hidden = isWhole;
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
  const scale = byId("pictures").clientWidth / player.length;
  byId("part").style.transform = `translateX(${part.from * scale}px)`;
  byId("part").style.width = `${(part.to - part.from) * scale}px`;
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
  if (!byId("keys").checked && !target.closest("#versions")) return;
  if (press(key)) event.preventDefault();
});

// ---- The page ----

/** Show a clip, and go where it plays. */
function openClip(number) {
  showClip(number);
  byId("listen").scrollIntoView();
  byId("play").focus({ preventScroll: true });
}

function showNotes() {
  const lines = [...data.notes, ...data.failures.map((line) => `No score: ${line}`)];
  byId("notes").hidden = !lines.length;
  byId("note-list").append(...lines.map((line) => element("li", {}, line)));
}

function start() {
  byId("title").textContent = data.title;
  const scored = data.scored ? [`Clips with scores: ${data.scored}.`] : [];
  const heard = `Clips to hear: ${data.clips.length}.`;
  byId("about").textContent = [...scored, heard, "This file decodes its speech by itself."].join(" ");
  byId("made").textContent = `Made by celpvq ${data.version}.`;
  showScores(data, openClip);
  showNotes();
  byId("clip").append(...data.clips.map(({ name }, i) => option(name, i)));
  byId("clip").addEventListener("change", () => showClip(Number(byId("clip").value)));
  byId("previous").addEventListener("click", () => showClip(clipNumber - 1));
  byId("next").addEventListener("click", () => showClip(clipNumber + 1));
  byId("play").addEventListener("click", toggle);
  byId("position").addEventListener("input", () => player.seek(Number(byId("position").value)));
  byId("loop").addEventListener("change", () => repeat(part, byId("loop").checked));
  byId("from").addEventListener("click", repeatFrom);
  byId("to").addEventListener("click", repeatTo);
  byId("whole").addEventListener("click", () => {
    repeat({ from: 0, to: player.length }, byId("loop").checked);
  });
  byId("matched").addEventListener("change", () => player.select(player.chosen, levelsOf()));
  byId("pictures").addEventListener("pointerdown", (event) => {
    const box = byId("pictures").getBoundingClientRect();
    player.seek(((event.clientX - box.left) / box.width) * player.length);
  });
  new ResizeObserver(draw).observe(byId("pictures"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  showClip(0);
}

/** For scripts that check the page: its player, and the decoded versions of a clip. */
globalThis.celpvqReport = { player, decodeClip: (number) => decoder.decode(number) };

start();
