import test from "node:test";
import assert from "node:assert/strict";
import { STORIES, address, arrives, finding, fromAddress, heading, program, record, resultsOf, saying, short,
  smooth } from "../../seqlab/widgets/rnn_playground.js";
import { TASKS } from "../../seqlab/widgets/tasks.js";
import { examplesOf, look, newTraining, trainOnce, trainer } from "../../seqlab/widgets/training.js";
import { exp } from "../../seqlab/widgets/recurrent.js";

const PLAIN = { cells: ["lstm"], task: "recall", lag: 20, hidden_size: 12, lr: 0.02, clipping: true, max_norm: 1,
  opened: true, bias: 5, seed: 0 };
const set = (traits) => ({ ...PLAIN, ...traits });

/** A net as the figure holds it, after so many batches. */
function trained(kind, settings, batches) {
  const training = newTraining(kind, settings);
  while (!training.ended && training.batches < batches) trainOnce(training);
  return { ...training, ...look(training) };
}

test("the default is solved, and the same seed gives the same run", () => {
  const [one, other] = [1, 2].map(() => trained("lstm", PLAIN, 600));
  assert.equal(one.ended, "solved");
  assert.deepEqual(one.losses, other.losses);
  assert.notDeepEqual(one.losses.slice(0, 9), trained("lstm", set({ seed: 1 }), 9).losses);
});

test("looking changes nothing", () => {
  const looked = newTraining("gru", PLAIN);
  for (let k = 0; k < 12; k++) { trainOnce(looked); look(looked); }
  assert.deepEqual(looked.losses, trained("gru", PLAIN, 12).losses);
});

test("exp is that of Math, to the last digits, and has its ends", () => {
  for (let x = -745; x < 709; x += 0.37) assert.ok(Math.abs(exp(x) / Math.exp(x) - 1) < 1e-15 || Math.exp(x) < 1e-300);
  assert.deepEqual([0, -1000, 1000, -Infinity, Infinity].map(exp), [1, 0, Infinity, 0, Infinity]);
  assert.ok(Number.isNaN(exp(NaN)));
});

test("a link brings every setting back, and only what a setting can be", () => {
  for (const [, story] of STORIES) {
    const { part, ...settings } = story;
    assert.equal(part, "h");
    assert.deepEqual(fromAddress(address(settings)), settings);
  }
  assert.deepEqual(fromAddress("#a-heading"), {});
  assert.deepEqual(fromAddress("#playground&lag=-3&lr=NaN&seed=1.5&task=toString&cells=cnn&opened=1&x=2&bias"), {});
  assert.deepEqual(fromAddress("#playground&lag=7&lag2=3&cells=lstm,rnn"), { lag: 7, cells: ["rnn", "lstm"] });
});

test("whatever is set, what is said and looked at is made of words and numbers", () => {
  const wild = [{ lr: 10 }, { lr: 10, clipping: false }, { hidden_size: 1, lag: 1 }, { bias: 8 }, { bias: -2 },
    { lag: 30, lr: 10, clipping: false, opened: false }, { max_norm: 0.01 }, { max_norm: 100, lr: 1 }];
  for (const task of Object.keys(TASKS)) {
    for (const kind of ["rnn", "gru", "lstm"]) {
      for (const traits of wild) {
        const settings = set({ ...traits, task, cells: [kind] }), { all, start, take } = record();
        const hear = trainer(take, 0), [net] = start(settings);
        hear({ start: { settings, number: all.number } });
        for (let k = 0; k < 8; k++) hear({ once: true });
        const [example] = examplesOf(task, settings.lag + 1, 1);
        const said = [finding([net], settings), saying(net, settings, example.answer)].join();
        assert.doesNotMatch(said, /NaN|undefined|Infinity/, `${task} ${kind} ${JSON.stringify(traits)}`);
        assert.ok([...net.parts.h, ...net.said].every(Number.isFinite));
      }
    }
  }
});

test("what a net answers to the example, beside what is right", () => {
  const of = (task, said, answer, lag = 3) => saying({ said }, { task, lag }, answer);
  assert.equal(of("recall", [0, 2, 1, 0], 1), "Its answer: B, which is right");
  assert.equal(of("recall", [0, 2, 1, 0], 0), "Its answer: B, right is A");
  assert.equal(of("parity", [1, 0], 1), "Its answer: even, right is odd");
  assert.equal(of("add", [0.984], 1.02), "Its answer: 0.98, right is 1.02");
  assert.equal(of("count", [0.1], 0), "Its answer: 2, which is right");
  assert.deepEqual([heading("lstm", "h"), heading("gru", "f"), heading("lstm", "c"), heading("lstm", "o")],
    ["LSTM: state h", "GRU: z, gate that keeps", "LSTM: cell state c", "LSTM: o, gate that lets through"]);
});

test("a net that diverged keeps the last look that is made of numbers", () => {
  const settings = set({ lag: 1 }), { all, start, take } = record(), [net] = start(settings);
  const there = { kind: "lstm", losses: [], shares: [], gradient: [0, NaN], said: [NaN], parts: { h: [NaN, 1] } };
  const before = net.parts.h;
  assert.ok(take({ number: all.number, running: false, nets: [{ ...there, batches: 9, ended: "diverged" }] }));
  assert.deepEqual([net.batches, net.ended, net.parts.h], [9, "diverged", before]);
  assert.equal(take({ number: all.number - 1, running: true, nets: [] }), false, "what is told of an earlier start");
});

test("what was told before an order was heard brings its batches, and does not undo the order", () => {
  const settings = set({ cells: ["gru"], lag: 2 }), { all, start, ask, take } = record(), [net] = start(settings);
  const news = [], hear = trainer((one) => news.push(structuredClone(one)), 0);
  hear({ start: { settings, number: all.number } });
  hear({ order: ask(true), train: true, until: 600 });
  hear({ once: true });
  news.at(-1).running = true;             // under way when Pause was pressed
  assert.deepEqual([ask(false), all.waits], [2, true]);
  take(news.at(-1));
  assert.deepEqual([net.batches, all.running, all.waits], [1, false, true]);
  hear({ order: all.order, train: false });
  take(news.at(-1));
  assert.deepEqual([net.batches, all.running, all.waits], [1, false, false]);
  hear({ order: ask(false), once: true });
  take(news.at(-1));
  assert.deepEqual([net.batches, net.losses.length, all.waits], [2, 2, false]);
});

test("a net whose loss is no number stops, says so and says what to change", () => {
  const training = newTraining("rnn", set({ clipping: false }));
  trainOnce(training);
  training.net.weights.all[0] = NaN;
  trainOnce(training);
  assert.equal(training.ended, "diverged");
  assert.equal(training.losses.length, 1);
  const said = finding([training], set({ clipping: false }));
  assert.match(said, /^The RNN diverged in batch 2: .* smaller learning rate, or clip the gradient, then press Reset/);
});

test("what is said after an end, a race, nothing learned, and steps that are too long", () => {
  const net = (kind, traits) => ({ kind, batches: 600, ended: "", losses: [1.4, 1.4], shares: [0.25, 0.26],
    ...traits });
  const race = [net("rnn"), net("gru", { batches: 90, ended: "solved" })];
  assert.match(finding(race, PLAIN),
    /^The GRU has solved it after 90 batches: the last 20 were .* After 600 .* RNN .* 26.%, and /);
  assert.match(finding([net("lstm", { losses: [1, 80] })], PLAIN), /thrown about: its loss is 40.50, and .* at 1.00/);
  assert.match(finding([net("lstm", { shares: [0.8] })], PLAIN), /^After 600 batches the LSTM is right in 80.%\.$/);
  assert.match(finding([net("lstm", { batches: 0, gradient: [0, -2] })], set({ lag: 1 })),
    /^Not trained yet. .* 1 step back: LSTM 1 part in 100\. Predict, then press Train\.$/);
});

test("numbers, and means of the last twenty", () => {
  assert.deepEqual([0.0123, 1.5, 123456].map(short), ["0.012", "1.50", "1.2 × 10⁵"]);
  assert.deepEqual([-5, -0.1, 2, NaN, -Infinity].map(arrives),
    ["1 part in 100,000", "0.8 times as much", "100 times as much", "nothing", "nothing"]);
  assert.deepEqual(smooth([2, 4]), [[1, 2], [2, 3]]);
  const long = smooth(Array.from({ length: 1000 }, (_, k) => k));
  assert.ok(long.length <= 202);
  assert.deepEqual(long.at(-1), [1000, 989.5]);
});

test("the program and the number of weights", () => {
  const { code, parameters } = resultsOf(set({ cells: ["rnn", "lstm"], task: "count", clipping: false }));
  assert.equal(code, program(set({ cells: ["rnn", "lstm"], task: "count", clipping: false })));
  assert.match(code, /for cell in \[nn.RNN, nn.LSTM\]:/);
  assert.doesNotMatch(code, /clip_grad_norm_/);
  assert.deepEqual(parameters, { rnn: 12 * 15 + 13, lstm: 48 * 15 + 13 });
});

test("train, pause, step and start anew: what is told, batch by batch", async () => {
  const news = [], hear = trainer((one) => news.push(one), 0);
  const until = async (holds) => { while (!holds()) await new Promise((done) => { setTimeout(done, 1); }); };
  const settings = set({ cells: ["rnn", "gru"], lag: 2 });
  hear({ start: { settings, number: 7 } });
  hear({ once: true });
  assert.deepEqual(news.at(-1).nets.map(({ batches, losses }) => [batches, losses.length]), [[1, 1], [1, 1]]);
  hear({ train: true, until: 5 });
  await until(() => news.at(-1).nets[0].batches === 5);
  assert.equal(news.at(-1).running, false);
  assert.deepEqual(news.flatMap(({ nets }) => nets[1].losses), trained("gru", settings, 5).losses);
  hear({ train: true, until: 1e9 });
  await until(() => news.at(-1).running);
  hear({ train: false });
  const paused = news.length;
  await new Promise((done) => { setTimeout(done, 30); });
  assert.equal(news.length, paused, "it stands still");
  hear({ start: { settings, number: 8 } });
  hear({ once: true });
  assert.deepEqual([news.at(-1).number, news.at(-1).nets[0].batches], [8, 1]);
});
