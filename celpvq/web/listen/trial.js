// One trial on the page: buttons for its sounds, and the scale of its method.

import { element } from "../elements.js";

/** Return radio buttons in a group: pairs of a value and its label. */
function radios(legend, choices, chosen) {
  const group = element("fieldset", { class: "choices" }, element("legend", {}, legend));
  for (const [value, label] of choices) {
    const input = element("input", { type: "radio", name: "rating", value, disabled: true });
    input.addEventListener("change", () => chosen(value));
    group.append(element("label", {}, input, element("span", {}, label)));
  }
  return group;
}

/** The names that a listener sees for the sounds of a trial: pairs of a label and a sound. */
function labelled(item, method) {
  if (method === "abx") return [["A", item.order[0]], ["B", item.order[1]], ["X", "x"]];
  if (method === "ccr") return [["First", item.order[0]], ["Second", item.order[1]]];
  if (method === "acr") return [["Play", item.order[0]]];
  return item.order.map((sound, i) => [`${i + 1}`, sound]);
}

/** A trial: `item` says which sounds it has, `changed` is called when a rating has changed. */
export class TrialView {
  constructor(item, method, player, changed) {
    this.item = item;
    this.method = method;
    this.player = player;
    this.changed = changed;
    this.ratings = {};
    this.buttons = new Map(); // by sound; "x" is a copy of one of the others
    this.inputs = [];
    this.root = element("div", { class: `trial ${method.name}` });
    this.build();
  }

  /** The sounds to load: pairs of the name for the player and the name of the file. */
  get files() {
    const files = this.item.order.map((sound) => [sound, sound]);
    if (this.item.reference) files.unshift(["reference", this.item.reference]);
    if (this.item.x) files.push(["x", this.item.x]);
    return files;
  }

  build() {
    const sounds = labelled(this.item, this.method.name);
    if (this.method.name === "mushra") {
      this.root.append(element("div", { class: "row" }, this.button("Reference", "reference")));
      this.root.append(this.sliders(sounds));
      return;
    }
    const row = element("div", { class: "row sounds", role: "group", "aria-label": "Sounds" });
    for (const [label, sound] of sounds) row.append(this.button(label, sound));
    this.root.append(row, this.choices());
  }

  /** Return the button of a sound. */
  button(label, sound) {
    const button = element("button", { type: "button", class: "sound", "aria-pressed": "false" }, label);
    button.addEventListener("click", () => this.press(sound));
    this.buttons.set(sound, button);
    return button;
  }

  /** Play a sound, or stop it if it plays. */
  press(sound) {
    const { player } = this;
    if (player.playing && player.current === sound) player.stop();
    else player.play(sound, this.method.loops ? null : 0);
  }

  /** Return the scale of ABX, ACR or CCR. */
  choices() {
    const { name, labels } = this.method;
    if (name === "abx") {
      const [a, b] = this.item.order;
      return radios("X is", [[a, "A"], [b, "B"]], (sound) => this.rate({ [sound]: 1 }));
    }
    const legend = name === "acr" ? "The quality of the speech is" : "In comparison with the first, the second is";
    const rated = this.item.order.at(-1);
    return radios(legend, labels.map(([value, label]) => [value, label]), (value) => this.rate({ [rated]: value }));
  }

  /** Return the sliders of MUSHRA. */
  sliders(sounds) {
    const { low, high, labels } = this.method;
    const words = element("div", { class: "scale quiet small", "aria-hidden": "true" });
    for (const [, word] of [...labels].reverse()) words.append(element("span", {}, word));
    const list = element("ol", { class: "versions" });
    for (const [label, sound] of sounds) {
      const shown = element("output", {}, "–");
      const input = element("input", {
        type: "range", class: "unrated", min: low, max: high, step: 1, value: (low + high) / 2, disabled: true,
        "aria-label": `Quality of version ${label}`, "aria-valuetext": "not rated",
      });
      input.addEventListener("input", () => {
        input.classList.remove("unrated");
        shown.textContent = input.value;
        input.setAttribute("aria-valuetext", `${input.value}, ${this.word(input.value)}`);
        this.rate({ ...this.ratings, [sound]: Number(input.value) });
      });
      this.inputs.push([input, sound]);
      list.append(element("li", {}, this.button(label, sound), input, shown));
    }
    return element("div", {}, words, list);
  }

  /** Return the word for a rating of MUSHRA. */
  word(value) {
    return this.method.labels.find(([middle]) => value >= middle - 10)[1].toLowerCase();
  }

  rate(ratings) {
    this.ratings = ratings;
    this.changed();
  }

  /** Return whether enough of a sound was heard. */
  wasHeard(sound) {
    const { heard, duration } = this.player;
    return duration > 0 && (heard.get(sound) ?? 0) >= this.method.heard * duration;
  }

  /** Return what is left to do, as a sentence; empty if nothing. */
  missing() {
    const unheard = [...this.buttons].filter(([sound]) => !this.wasHeard(sound));
    if (unheard.length) {
      if (this.method.name === "acr") return "Listen to the sound first.";
      return `Still to hear: ${unheard.map(([, button]) => button.textContent).join(", ")}.`;
    }
    const expected = this.method.name === "mushra" ? this.item.order.length : 1;
    const left = expected - Object.keys(this.ratings).length;
    if (left) return expected > 1 ? `Still to rate: ${left} of ${expected}.` : "Choose an answer.";
    return "";
  }

  /** Show what plays and what can be rated. */
  update() {
    for (const [sound, button] of this.buttons) {
      const on = this.player.playing && this.player.current === sound;
      button.setAttribute("aria-pressed", `${on}`);
      button.classList.toggle("heard", this.wasHeard(sound));
    }
    for (const [input, sound] of this.inputs) input.disabled = !this.wasHeard(sound);
    const allHeard = [...this.buttons.keys()].every((sound) => this.wasHeard(sound));
    for (const input of this.root.querySelectorAll("input[type=radio]")) input.disabled = !allHeard;
  }

  /** Return the answer, as the results have it. */
  answer(seconds) {
    const { trial, order, x } = this.item;
    const heard = Object.fromEntries([...this.player.heard].map(([s, time]) => [s, Math.round(time * 10) / 10]));
    return { trial, order, x, ratings: this.ratings, seconds: Math.round(seconds * 10) / 10, heard };
  }
}
