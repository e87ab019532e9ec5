// The editors on the pages: write an answer, run it, check it. Python is MicroPython in a worker, loaded at
// first use; nothing is sent anywhere. What is written stays in this browser until it is reset or wiped: kept.js.

(() => {
  "use strict";
  const HERE = new URL(".", document.currentScript.src).href;
  const LIMIT = 20000;        // ms that an answer may run
  const INDENT = "    ";
  const keep = self.seqlabKept;       // done.js, which every page loads first, has brought it

  // --- Python -----------------------------------------------------------------------------------------------------

  function script(name) {
    return new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = HERE + name;
      element.onload = resolve;
      element.onerror = () => reject(new Error(`${name} could not be loaded`));
      document.head.append(element);
    });
  }

  /** The WebAssembly of MicroPython: fetched from a server; from disk, where nothing may be fetched, from a script. */
  async function assembly() {
    if (location.protocol === "file:") {
      await script("from-disk.js");
      return Uint8Array.from(atob(self.seqlabWasm), (letter) => letter.charCodeAt(0));
    }
    const answer = await fetch(`${HERE}micropython.wasm`);
    if (!answer.ok) throw new Error(`micropython.wasm could not be loaded (${answer.status})`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  const python = {
    parts: null,          // what a worker is made of, a promise; loaded once
    worker: null,         // a promise of a worker that is ready
    stop: null,           // ends the run that is going on

    load() {
      const [subject] = document.querySelector(".answer").dataset.exercise.split("/");
      const checks = `checks-${subject}.js`;      // a page asks of one subject
      this.parts ??= Promise.all([script("python.js"), script(checks), assembly()]).catch((problem) => {
        this.parts = null;
        throw problem;
      });
      return this.parts;
    },

    async start() {
      const [, , wasm] = await this.load();
      const source = URL.createObjectURL(new Blob([self.seqlabPython.worker], { type: "text/javascript" }));
      const worker = new Worker(source);
      await new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => (data.ready ? resolve() : reject(new Error(data.broken)));
        worker.onerror = (event) => reject(new Error(event.message || "the worker did not start"));
        worker.postMessage({ wasm, files: { ...self.seqlabPython.files, ...self.seqlabChecks } });
      });
      URL.revokeObjectURL(source);
      return worker;
    },

    /** Run a request of on_page.py; `print` gets what it prints. The outcome may also be "stopped" or "too long". */
    async run(request, print) {
      this.worker ??= this.start();
      const waiting = new Promise((resolve) => { this.stop = () => resolve(null); });
      let worker;
      try {
        worker = await Promise.race([this.worker, waiting]);
      } catch (problem) {
        this.worker = null;
        throw problem;
      }
      if (!worker) {                // stopped while Python was loading: it goes on loading, for the next run
        this.stop = null;
        return { ended: "stopped" };
      }
      return new Promise((resolve, reject) => {
        const end = (outcome) => {
          clearTimeout(limit);
          this.stop = null;
          resolve(outcome);
        };
        const kill = (ended) => {
          worker.terminate();
          this.worker = null;
          end({ ended });
        };
        const limit = setTimeout(() => kill("too long"), self.seqlabLimit ?? LIMIT);
        this.stop = () => kill("stopped");
        worker.onmessage = ({ data }) => {
          if (data.printed !== undefined) print(data.printed);
          else if (data.outcome?.ended === "full") kill("full");
          else if (data.outcome) end(data.outcome);
          else {
            kill("broken");
            reject(new Error(data.broken));
          }
        };
        worker.postMessage({ request });
      });
    },
  };

  // --- an editor --------------------------------------------------------------------------------------------------

  class Editor {
    constructor(section, above) {
      this.section = section;
      this.above = above;
      this.id = section.dataset.exercise;
      this.data = JSON.parse(section.querySelector("script").textContent);
      this.text = section.querySelector("textarea");
      this.stub = this.text.value;
      for (const name of ["check", "run", "stop", "reset", "said", "printed"]) {
        this[name] = section.querySelector(`.answer-${name}`);
      }
      this.solutions = this.findSolutions();
      const kept = keep.get(`answer:${this.id}`);
      if (kept) this.text.value = kept.text;
      this.tried = Boolean(kept?.tried);
      this.right = Boolean(kept?.right);
      section.hidden = false;
      const twice = this.elsewhere();
      if (twice) twice.hidden = true;
      this.fit();
      this.showSolutions();
      if (this.right) this.say("is-right", "✓ You answered this one.");
      this.listen();
    }

    /** The cell for the notebook that this editor stands for: in a chapter the stub, in a practice the check below. */
    elsewhere() {
      if (this.section.dataset.kind === "turn") return this.section.previousElementSibling;
      let next = this.section.nextElementSibling;
      while (next && !next.matches("h2, section, .answer, .tag_check")) next = next.nextElementSibling;
      return next?.matches(".tag_check") ? next : null;
    }

    /** The reveals from here to the next heading, the solution and its explanation; a chapter's stays open to all. */
    findSolutions() {
      const found = [];
      if (this.section.dataset.kind === "turn") return found;
      for (let next = this.section.nextElementSibling; next && !/^H\d$/.test(next.tagName) &&
           next.tagName !== "SECTION"; next = next.nextElementSibling) {
        if (next.matches("details")) found.push(next);
        found.push(...next.querySelectorAll("details.reveal-solution"));
      }
      return found;
    }

    showSolutions() {
      for (const solution of this.solutions) solution.hidden = !this.tried;
      this.note ??= this.solutions[0]?.parentElement && Object.assign(document.createElement("p"),
        { className: "answer-note", textContent: "The solution can be opened here once you have checked an answer." });
      if (!this.note) return;
      if (this.tried) this.note.remove();
      else this.section.after(this.note);
    }

    listen() {
      this.text.addEventListener("input", () => { this.fit(); this.right = false; this.store(); });
      this.text.addEventListener("keydown", (event) => this.key(event));
      this.text.addEventListener("focus", () => python.load().catch(() => {}), { once: true });
      this.check.addEventListener("click", () => this.go(true));
      this.run.addEventListener("click", () => this.go(false));
      this.stop.addEventListener("click", () => python.stop?.());
      this.reset.addEventListener("click", () => this.clear());
      this.reset.addEventListener("blur", () => { this.reset.textContent = "Reset"; });
    }

    store() {
      const same = this.text.value === this.stub && !this.tried;
      keep.set(`answer:${this.id}`, same ? null : { text: this.text.value, tried: this.tried, right: this.right });
    }

    fit() {
      this.text.rows = Math.max(4, this.text.value.split("\n").length + 1);
    }

    /** Write at the cursor in such a way that the browser's own undo knows of it. */
    write(words) {
      if (!document.execCommand("insertText", false, words)) {
        this.text.setRangeText(words, this.text.selectionStart, this.text.selectionEnd, "end");
        this.text.dispatchEvent(new Event("input"));
      }
    }

    key(event) {
      const { selectionStart: start, selectionEnd: end, value } = this.text;
      const begin = value.lastIndexOf("\n", start - 1) + 1;
      const before = value.slice(begin, start);
      if (event.key === "Escape") {
        this.leaving = true;
      } else if (event.key === "Tab" && !this.leaving && !event.ctrlKey && !event.altKey) {
        event.preventDefault();
        if (event.shiftKey) this.outdent(begin);
        else this.write(INDENT.slice(0, 4 - (before.length % 4)));
      } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.go(true);
      } else if (event.key === "Enter" && event.shiftKey) {
        event.preventDefault();
        this.go(false);
      } else if (event.key === "Enter") {
        event.preventDefault();
        this.write(`\n${/^ */.exec(before)[0]}${/:\s*(#.*)?$/.test(before) ? INDENT : ""}`);
      } else if (event.key === "Backspace" && start === end && /^( {4})+$/.test(before)) {
        event.preventDefault();
        this.text.setSelectionRange(start - 4, start);
        this.write("");
      }
      if (!["Escape", "Tab", "Shift"].includes(event.key)) this.leaving = false;
    }

    outdent(begin) {
      const spaces = /^ {0,4}/.exec(this.text.value.slice(begin))[0].length;
      const cursor = this.text.selectionStart;
      if (!spaces) return;
      this.text.setSelectionRange(begin, begin + spaces);
      this.write("");
      this.text.setSelectionRange(Math.max(begin, cursor - spaces), Math.max(begin, cursor - spaces));
    }

    /** Two presses: the first one asks. */
    clear() {
      if (this.reset.textContent === "Reset") {
        this.reset.textContent = "Throw away what I wrote?";
        return;
      }
      this.reset.textContent = "Reset";
      this.text.value = this.stub;
      this.tried = this.right = false;
      this.store();
      this.fit();
      this.showSolutions();
      this.say("", "");
      this.printed.hidden = true;
      this.text.focus();
    }

    say(kind, words) {
      this.said.className = `answer-said ${kind}`;
      this.said.textContent = words;
    }

    /** While an answer runs no other may start. Nothing is disabled or hidden under the focus, so that it stays. */
    busy(is, pressed) {
      for (const one of editors) for (const button of [one.run, one.check]) button.setAttribute("aria-disabled", is);
      if (!is && document.activeElement === this.stop) pressed.focus();
      this.stop.hidden = !is;
      this.section.setAttribute("aria-busy", is);
    }

    async go(checking) {
      if (this.check.getAttribute("aria-disabled") === "true") return;
      const pressed = checking ? this.check : this.run;
      this.printed.textContent = "";
      this.printed.hidden = true;
      this.say("", self.seqlabPython ? "Running …" : "Loading Python, about 230 kB, once …");
      this.busy(true, pressed);
      const request = { given: this.data.given, earlier: this.needed().map((one) => one.text.value),
        text: this.text.value, check: checking ? this.data.check : "" };
      try {
        this.show(await python.run(request, (text) => this.print(text)));
      } catch (problem) {
        this.say("is-wrong", `Python could not be started on this page: ${problem.message}.`);
      }
      this.busy(false, pressed);
    }

    /** The answers above that this one uses, or that one of those uses: no other is run, and so none can harm it. */
    needed() {
      const names = (text) => [...text.matchAll(/^(?:def|class) +(\w+)|^(\w+) *=/gm)].map((one) => one[1] ?? one[2]);
      const own = names(this.text.value), found = [];
      let words = this.text.value;
      for (const one of this.above().reverse()) {
        const used = names(one.text.value).filter((name) => !own.includes(name));
        if (!used.some((name) => new RegExp(`\\b${name}\\b`).test(words))) continue;
        found.unshift(one);
        words += one.text.value;
      }
      return found;
    }

    /** Which answer above to look at first, in words, where one that is used has not been checked as right. */
    blamed() {
      const one = this.needed().find((above) => !above.right);
      const name = one?.section.getAttribute("aria-label").replace("Your answer to ", "");
      return one ? `This uses your answer to ${name}, which is not checked as right yet: begin with that one.` : "";
    }

    print(text) {
      this.printed.hidden = false;
      this.printed.append(text);
    }

    show({ ended, said, line, code, hint }) {
      const written = this.text.value.trim() !== this.stub.trim();
      if (written && (ended === "right" || ended === "not yet")) this.tried = true;
      if (ended === "right" || ended === "not yet") this.right = ended === "right";       // a run says nothing of it
      const where = line ? `In line ${line}${code ? `, ${code}` : ""}: ` : "";
      const seconds = (self.seqlabLimit ?? LIMIT) / 1000;
      const words = {
        "right": `✓ ${said}`,
        "not yet": `Not yet: ${said}.`.replace(/([.?!])\.$/, "$1"),
        "error": `${where}${said}${/[.?!]$/.test(said ?? "") ? "" : "."} ${hint ?? ""}`.trim(),
        "run": this.printed.hidden ? "It ran, and printed nothing." : "It ran.",
        "stopped": "Stopped.",
        "full": "Stopped: it filled all the memory that an answer may have. Is there a list that grows for ever?",
        "too long": `Stopped: it ran for ${seconds} seconds. Is there a loop that never ends?`,
      };
      const kind = { right: "is-right", run: "", stopped: "" }[ended] ?? "is-wrong";
      const blamed = kind === "is-wrong" ? this.blamed() : "";
      this.say(kind, blamed ? `${blamed} Here it comes to this: ${words[ended]}` : words[ended]);
      this.store();
      this.showSolutions();
    }
  }

  const editors = [];
  for (const section of document.querySelectorAll("section.answer")) {
    const above = editors.slice();
    editors.push(new Editor(section, () => above));
  }
})();
