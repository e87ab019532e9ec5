// The worker in which answers run. site_answers.py puts MicroPython before it, in one text, so that it needs no server.
// answers.js makes a worker of that text, sends what MicroPython needs once, and then one request at a time.

const MOST_PRINTED = 20000;        // characters of one run; the rest is dropped
const HEAP = 16 * 1024 * 1024;     // bytes
const BACKSLASH_N = 10;

let python, printed, silent, line = [];
const decoder = new TextDecoder();

function hear(bytes) {
  if (silent) return;
  line.push(...bytes);
  if (line.at(-1) === BACKSLASH_N || line.length > 500) flush();
}

function flush() {
  if (!line.length) return;
  const text = decoder.decode(new Uint8Array(line));
  line = [];
  if (printed < MOST_PRINTED) self.postMessage({ printed: text });
  printed += text.length;
  if (printed >= MOST_PRINTED && printed - text.length < MOST_PRINTED) {
    self.postMessage({ printed: "\n… and more than can be shown here\n" });
  }
}

async function start({ wasm, files }) {
  const url = typeof wasm === "string" ? wasm : URL.createObjectURL(new Blob([wasm], { type: "application/wasm" }));
  await self.microPython;
  python = await globalThis.loadMicroPython({ url, heapsize: HEAP, linebuffer: false, stdout: hear });
  for (const [path, text] of Object.entries(files)) {
    python.FS.mkdirTree(["/lib", ...path.split("/").slice(0, -1)].join("/"));
    python.FS.writeFile(`/lib/${path}`, text);
  }
  python.runPython("import sys\nif '/lib' not in sys.path:\n    sys.path.append('/lib')\nimport on_page");
}

function run(request) {
  printed = 0;
  python.globals.set("request", JSON.stringify(request));
  python.globals.set("quiet", (wish) => { flush(); silent = wish; });
  python.runPython("import on_page\noutcome = on_page.answer(request, quiet)");
  flush();
  return JSON.parse(python.globals.get("outcome"));
}

self.onmessage = async ({ data }) => {
  try {
    if (data.wasm) await start(data);
    else self.postMessage({ outcome: run(data.request) });
    if (data.wasm) self.postMessage({ ready: true });
  } catch (problem) {
    if (problem?.message === "the memory is full") return self.postMessage({ outcome: { ended: "full" } });
    self.postMessage({ broken: String(problem?.message ?? problem) });
  }
};
