// What the page remembers in this browser, and the files that it saves.

const HEAD = ["test", "listener", "number", "trial", "position", "sound", "x", "rating", "seconds"];

/** The state of a listener, kept in the browser as long as it allows that. */
export class Store {
  constructor(test) {
    this.name = `celpvq-listen-${test.test}`;
    this.test = test;
  }

  /** Return the state of an earlier visit, or null. */
  load() {
    try {
      const state = JSON.parse(localStorage.getItem(this.name));
      return state?.test === this.test.test && Array.isArray(state.answers) ? state : null;
    } catch {
      return null;
    }
  }

  /** Keep the state; return whether the browser allows it. */
  save(state) {
    try {
      localStorage.setItem(this.name, JSON.stringify(state));
      return true;
    } catch {
      return false;
    }
  }

  /** Forget the state. */
  clear() {
    try {
      localStorage.removeItem(this.name);
    } catch {
      // nothing was kept
    }
  }
}

/** Return the state of a new listener. */
export function newState(test) {
  const [random] = crypto.getRandomValues(new Uint32Array(1));
  const name = crypto.getRandomValues(new Uint8Array(16));
  return {
    format: test.format,
    version: test.version,
    test: test.test,
    method: test.method.name,
    listener: [...name].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    code: "",
    seed: test.seed ?? (random || 1),
    started: new Date().toISOString(),
    finished: null,
    device: null,
    volume: 1,
    ears: null,
    stage: "sound",
    trained: 0,
    answers: [],
  };
}

/** Return the answers as a table: a line for each rating. */
export function csv(state) {
  const lines = [HEAD];
  state.answers.forEach((answer, i) => {
    for (const [sound, rating] of Object.entries(answer.ratings)) {
      const place = answer.order.indexOf(sound) + 1;
      const x = answer.x ?? "";
      lines.push([state.test, state.listener, i + 1, answer.trial, place, sound, x, rating, answer.seconds]);
    }
  });
  return lines.map((line) => line.join(",") + "\n").join("");
}

/** Let the browser save a text as a file. */
export function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
