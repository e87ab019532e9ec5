// Show the saved interactive figures of a page: no kernel, no require.js, nothing from elsewhere.
// A figure is an anywidget: its JavaScript module and its traits stand in the page as "widget state".

(() => {
  "use strict";
  const STATE = "application/vnd.jupyter.widget-state+json";
  const VIEW = "application/vnd.jupyter.widget-view+json";

  /** The part of anywidget's model (https://anywidget.dev/en/afm/) that needs no kernel. */
  class Model {
    #traits;
    #listeners = new Map();
    #changed = false;

    constructor(traits) { this.#traits = traits; }

    get(name) { return this.#traits[name]; }

    set(name, value) {
      const old = this.#traits[name];
      if (old === value || (typeof value === "object" && JSON.stringify(old) === JSON.stringify(value))) return;
      this.#traits[name] = value;
      this.#changed = true;
      this.#tell(`change:${name}`, this, value);
    }

    save_changes() {
      if (this.#changed) this.#tell("change", this);
      this.#changed = false;
    }

    on(names, listener) {
      for (const name of names.split(/\s+/)) {
        this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
      }
    }

    off(names, listener) {
      for (const name of names ? names.split(/\s+/) : [...this.#listeners.keys()]) {
        this.#listeners.set(name, listener ? (this.#listeners.get(name) ?? []).filter((one) => one !== listener) : []);
      }
    }

    send() { /* there is no kernel to send to */ }

    #tell(name, ...details) { for (const listener of this.#listeners.get(name) ?? []) listener(...details); }
  }

  /** What many pages share stands in a script of its own, which the page has loaded before this one. */
  function text(value) {
    if (Array.isArray(value)) return value.map(text);
    return value?.shared ? value.shared.map((name) => self.seqlabTexts[name]).join("") : value;
  }

  function bytes(base64) {
    return new DataView(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);
  }

  /** The figure's module and model from its saved state. */
  async function load({ state, buffers = [] }) {
    if (state?._esm === undefined) throw new Error("the page holds no saved state of this figure");
    const traits = structuredClone(state);
    for (const name of ["_esm", "_styles", "_packed"]) traits[name] = text(traits[name]);
    for (const { path, data } of buffers) {
      const place = path.slice(0, -1).reduce((object, key) => object[key], traits);
      place[path.at(-1)] = bytes(text(data));
    }
    const address = URL.createObjectURL(new Blob([traits._esm], { type: "text/javascript" }));
    let figure = (await import(address)).default;
    URL.revokeObjectURL(address);
    if (typeof figure === "function") figure = await figure();
    const model = new Model(traits);
    await figure.initialize?.({ model });
    return { figure, model };
  }

  /** Draw the figure in place of its still picture, which stays if that fails. */
  async function show(place, loaded) {
    const el = document.createElement("div");
    el.className = "figure-place";
    place.append(el);
    try {
      const { figure, model } = await loaded;
      await figure.render({ model, el });
      place.classList.add("is-live");
      for (const other of place.querySelectorAll(":scope > :not(script)")) if (other !== el) other.remove();
    } catch (problem) {
      console.error(problem);
      el.textContent = "This figure could not be shown as one to move: your browser may be too old for it. "
        + "The notebook, opened in Colab or Jupyter, has it too.";
      el.className = "figure-place figure-words";
    }
  }

  const saved = {};
  for (const script of document.querySelectorAll(`script[type="${STATE}"]`)) {
    Object.assign(saved, JSON.parse(script.textContent).state);
  }
  const loaded = {};      // a figure placed twice is one figure seen twice, as in a notebook
  for (const script of document.querySelectorAll(`script[type="${VIEW}"]`)) {
    const id = JSON.parse(script.textContent).model_id;
    show(script.parentElement, loaded[id] ??= load(saved[id] ?? {}));
  }
})();
