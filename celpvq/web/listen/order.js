// The order of trials and sounds that a seed stands for; celpvq/listening/order.py computes the same.

const WARM_UP = 16;

/** Random numbers of 32 bits (Marsaglia, 2003). */
export class Xorshift {
  constructor(seed) {
    this.state = seed >>> 0;
    for (let i = 0; i < WARM_UP; i++) this.below(1);
  }

  /** Return a number from 0 to n - 1. */
  below(n) {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    return Math.floor((this.state * n) / 2 ** 32);
  }

  /** Shuffle an array in place (Fisher and Yates), and return it. */
  shuffle(items) {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }
}

/** Return a trial with its sounds in the order of this listener, and with its X if it has one. */
export function shown(trial, random, abx) {
  const order = random.shuffle([...trial.sounds]);
  const x = abx ? order[random.below(2)] : undefined;
  return { trial: trial.id, reference: trial.reference, order, x };
}

/** Return the trials of a listener in their order. */
export function presentation(test, seed) {
  const random = new Xorshift(seed);
  const trials = [];
  for (let repeat = 0; repeat < test.repeats; repeat++) {
    for (const block of random.shuffle([...test.blocks])) trials.push(...random.shuffle([...block]));
  }
  const kept = trials.slice(0, test.trials ?? trials.length);
  return kept.map((trial) => shown(trial, random, test.method.name === "abx"));
}
