// PyTorch's random numbers: the same seed gives the page the numbers that it gives torch on a processor.

const LENGTH = 624, MIDDLE = 397;

/** The Mersenne Twister of Matsumoto and Nishimura (1998), begun as `torch.manual_seed(seed)` begins it. */
export function mersenne(seed) {
  const state = new Uint32Array(LENGTH);
  state[0] = seed;
  for (let k = 1; k < LENGTH; k++) {
    state[k] = Math.imul(1812433253, state[k - 1] ^ (state[k - 1] >>> 30)) + k;
  }
  let next = LENGTH;

  function twist() {
    for (let k = 0; k < LENGTH; k++) {
      const both = (state[k] & 0x80000000) | (state[(k + 1) % LENGTH] & 0x7fffffff);
      state[k] = state[(k + MIDDLE) % LENGTH] ^ (both >>> 1) ^ (both & 1 ? 0x9908b0df : 0);
    }
    next = 0;
  }

  /** 32 random bits, as a whole number from 0. */
  function bits() {
    if (next === LENGTH) twist();
    let word = state[next++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /** `torch.randint(below, ())`. */
  const whole = (below) => bits() % below;

  /** `torch.empty(()).uniform_(from, to)`, a float32 as there; without the ends `torch.rand(())`. */
  const uniform = (from = 0, to = 1) => {
    const low = Math.fround(from), width = Math.fround(Math.fround(to) - low);
    return Math.fround((bits() & 0xffffff) / 0x1000000 * width + low);
  };

  return { bits, whole, uniform };
}
