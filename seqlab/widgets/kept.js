// What stays on the reader's device, and leaves it for nowhere: the browser's storage, under keys that begin with
// "seqlab:". Where storage is blocked or full, things are kept for as long as the page is open.

const PREFIX = "seqlab:";

function keeper() {
  const page = new Map();         // what the storage did not take
  const attempt = (act, otherwise = null) => { try { return act(); } catch { return otherwise; } };
  const stored = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  const tell = (what) => globalThis.document?.dispatchEvent(new CustomEvent(`seqlab:${what}`));
  return {
    /** What is kept under this key, or null. */
    get(key) {
      return page.has(key) ? page.get(key) : attempt(() => JSON.parse(localStorage.getItem(PREFIX + key)));
    },

    /** The same for what is kept as an object: an empty one if there is none. */
    table(key) {
      const value = this.get(key);
      return value && typeof value === "object" && !Array.isArray(value) ? value : {};
    },

    /** Keep a value that JSON can hold; null: nothing any more. */
    set(key, value) {
      const full = PREFIX + key;
      const put = () => {
        if (value === null) localStorage.removeItem(full);
        else localStorage.setItem(full, JSON.stringify(value));
        return true;
      };
      if (attempt(put, false)) page.delete(key);
      else page.set(key, value);
      tell("kept");
    },

    /** Forget all of it. Returns how many entries there were. */
    wipe() {
      const keys = attempt(stored, []), count = keys.length + page.size;
      page.clear();
      attempt(() => keys.forEach((key) => localStorage.removeItem(key)));
      tell("wiped");
      return count;
    },
  };
}

/** One for the whole page, whichever script comes first. */
export const kept = globalThis.seqlabKept ??= keeper();
